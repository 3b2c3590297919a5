#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3_file;

namespace slotd::os {

/// What the mark says of the history beside it.
struct MarkFound {
    bool made =
        false;  ///< there is a history, or was one: the mark was written whole at least once
    std::optional<std::uint64_t> seq;  ///< entries up to this one were acknowledged; nullopt where
                                       ///< there is no mark, or it is damaged
    bool operator==(const MarkFound&) const = default;
};

/// The file `acknowledged` beside the history: up to which entry slotd was told "it is on the
/// disk". A history that has less than that, or is missing altogether, is a lost one and no first
/// start (docs/adr/a-mark-tells-a-lost-history.md).
///
/// Two texts of kSlotBytes each, written in turn, so that a power cut spoils at most the one that
/// is not the newest. Written through SQLite's file layer, so that tests can cut the power there.
class HistoryMark {
public:
    /// Makes the file where there is none, empty. `vfs` as for SqliteConnection.
    static Result<HistoryMark> open(const std::string& path, const std::string& vfs);

    Result<MarkFound> load();
    /// Returns when it is on the disk. Numbers only grow.
    Status store(std::uint64_t seq);

    static constexpr std::size_t kSlotBytes = 512;

private:
    using File = std::unique_ptr<sqlite3_file, std::function<void(sqlite3_file*)>>;

    Status write_slot(unsigned slot, std::uint64_t seq);

    File file_;
    unsigned newest_ = 1;
    bool whole_ = false;  ///< both slots have been written
};

/// One slot's text for `seq`, kSlotBytes long, readable for people.
std::string mark_text(std::uint64_t seq);
/// The seq, or nullopt for anything that mark_text() does not make.
std::optional<std::uint64_t> seq_in_mark(std::string_view text);

}  // namespace slotd::os
