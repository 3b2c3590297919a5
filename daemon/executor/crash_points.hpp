#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string_view>

namespace slotd::executor {

/// Whom a crash point kills.
enum class CrashVictim : std::uint8_t {
    Worker,
    Executor,
    Both,
    Client,  ///< slotd: who is at the other end, or before that is known, who started slotd-exec
};

/// A test aid: kills with SIGKILL at the n-th point that a run reaches, counted over slotd-exec and
/// all its workers. Every change of the record, of a register, an attribute or a binding, and every
/// message passes one point before and one after (Hands, GateRecord, Server), so a test that counts
/// up until nothing is killed any more has been at all of them, also at those that are added later.
class CrashPoints {
public:
    /// `at` 0 kills never; the names of all points are printed while `at` is not 0.
    CrashPoints(std::uint64_t at, CrashVictim victim);
    ~CrashPoints();
    CrashPoints(const CrashPoints&) = delete;
    CrashPoints& operator=(const CrashPoints&) = delete;

    /// Known from when slotd has connected.
    void client_is(pid_t client) { client_ = client; }

    /// Passes one point. `name` is for the line that says where it stopped.
    void reach(std::string_view name) const;

private:
    std::uint64_t at_;
    CrashVictim victim_;
    pid_t executor_;
    pid_t client_;
    std::atomic<std::uint64_t>* count_;  // shared with the workers
};

}  // namespace slotd::executor
