#pragma once

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace slotd::fakes {

/// What of the writes that had not been synced is on the disk after the power was cut.
enum class Survives : std::uint8_t {
    Nothing,
    Everything,
    EveryOther,  ///< the disk writes in any order: every second one
    HalfOfLast,  ///< everything but the second half of the last one
};

inline constexpr Survives kAllSurvivals[] = {Survives::Nothing, Survives::Everything,
                                             Survives::EveryOther, Survives::HalfOfLast};

/// A file layer for SQLite over the usual one that fails, hangs or loses its power on demand.
/// Changes of files (write, truncate, sync) are counted from 1. Registered for the life of the
/// process under name(); never destroyed, for a thread that was left behind may still use it.
class FaultyDisk {
public:
    /// One for each call, with a name of its own.
    static FaultyDisk& make();

    const std::string& name() const { return name_; }

    int changes() const { return changes_; }

    /// The power goes before the change of this number: every file has what was synced, and
    /// `survives`; the process ends at once with kPowerCut.
    void cut_power_at(int change, Survives survives);

    /// Changes of these numbers fail with this SQLite code, or syncs alone.
    void fail(int from, int until, int code);

    void fail_syncs(bool wanted) { syncs_fail_ = wanted; }

    /// Syncs do not return until let_go().
    void hold_syncs();
    void let_go();
    /// Returns when a sync hangs.
    void wait_until_held();
    /// Returns when every file is closed.
    void wait_until_closed();

    static constexpr int kPowerCut = 42;

    /// For the file layer itself: what is on the disk for sure, and what may not be.
    struct Change {
        std::int64_t offset = 0;  ///< truncation to this size where `bytes` is empty
        std::string bytes;
    };

    struct File {
        std::string synced;
        std::vector<Change> since;
    };

    int open(const std::string& path);
    void closed();
    int change(const std::string& path, Change change);
    int sync(const std::string& path);
    void forget(const std::string& path);

private:
    FaultyDisk();
    int count(bool sync);
    [[noreturn]] void cut_power();

    std::string name_;
    sqlite3_vfs layer_{};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, File> files_;
    std::atomic<int> changes_ = 0;
    std::atomic<bool> syncs_fail_ = false;
    int opened_ = 0;
    int cut_at_ = 0;
    Survives survives_ = Survives::Nothing;
    int fail_from_ = 0;
    int fail_until_ = 0;
    int fail_code_ = SQLITE_OK;
    bool hold_ = false;
    int held_ = 0;
};

}  // namespace slotd::fakes
