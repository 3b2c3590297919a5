#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "evidence/journal_line.hpp"

struct sd_journal;

namespace slotd::os {

/// Reads what slotd wrote to the journal: of this machine, or of files that were taken elsewhere.
/// Files may be damaged and their fields hold anything.
class JournalReader {
public:
    /// Of what is read at most so many lines are kept, the newest.
    static constexpr std::size_t kLinesMax = 100'000;
    /// A field is cut to this when it is read; a text of slotd has at most 16 KiB.
    static constexpr std::size_t kFieldBytesMax = 65'536;
    /// Incidents that are looked through for a prefix.
    static constexpr std::size_t kIncidentsMax = 100'000;

    /// Lines that only slotd can have written, by the unit that journald itself noted.
    static constexpr const char* kUnit = "slotd.service";

    /// This machine's. PermissionDenied where this user may not read it: only root and the groups
    /// systemd-journal and adm may.
    static Result<JournalReader> open_local();
    /// A journal file, or a directory of them. NotFound where there is none.
    static Result<JournalReader> open_path(const std::string& path);

    /// Incidents whose 16 digits begin with `prefix`, by number; each once.
    Result<std::vector<std::uint64_t>> incidents(std::string_view prefix);
    /// The incident of the newest line that has one; nullopt where no line has.
    Result<std::optional<std::uint64_t>> last_incident();
    /// Oldest first.
    Result<std::vector<evidence::JournalLine>> lines_of(std::uint64_t incident);
    /// Everything that slotd said, oldest first.
    Result<std::vector<evidence::JournalLine>> lines();

    /// Older lines were left out for want of room.
    bool is_cut() const { return is_cut_; }

private:
    struct Close {
        void operator()(sd_journal* journal) const;
    };

    explicit JournalReader(sd_journal* journal) : journal_(journal) {}

    static Result<JournalReader> made(int code, sd_journal* journal, const std::string& what);
    Status only_slotd(const std::string& also);
    std::optional<std::string> field(const char* name) const;
    Result<std::vector<evidence::JournalLine>> read();

    std::unique_ptr<sd_journal, Close> journal_;
    bool is_cut_ = false;
};

}  // namespace slotd::os
