#include "os/journal_reader.hpp"

#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <expected>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action/incident.hpp"
#include "base/result.hpp"
#include "evidence/journal_line.hpp"
#include "os/os_error.hpp"

namespace slotd::os {

namespace {

constexpr const char* kReadIt = "read the journal";

std::unexpected<Error> broken(int code, const std::string& what) {
    // What libsystemd says of a file that is no journal, or a damaged one.
    if (code == -EBADMSG || code == -ENODATA || code == -EPROTONOSUPPORT) {
        return failure(ErrorKind::Malformed, what + ": it is damaged, or no journal", -code);
    }
    return std::unexpected(os_error(-code, what));
}

/// libsystemd leaves out files that this user may not read, and says nothing.
bool may_read_local() {
    sd_id128_t machine{};
    if (::sd_id128_get_machine(&machine) < 0) {
        return true;
    }
    std::array<char, SD_ID128_STRING_MAX> text{};
    const std::string id = ::sd_id128_to_string(machine, text.data());
    bool denied = false;
    for (const char* const root : {"/var/log/journal/", "/run/log/journal/"}) {
        const std::string file = root + id + "/system.journal";
        if (::access(file.c_str(), R_OK) == 0) {
            return true;
        }
        denied = denied || errno == EACCES;
    }
    return !denied;
}

}  // namespace

void JournalReader::Close::operator()(sd_journal* journal) const {
    ::sd_journal_close(journal);
}

Result<JournalReader> JournalReader::made(int code, sd_journal* journal, const std::string& what) {
    if (code < 0) {
        return broken(code, what);
    }
    JournalReader reader(journal);
    if (const int set = ::sd_journal_set_data_threshold(journal, kFieldBytesMax); set < 0) {
        return broken(set, what);
    }
    return reader;
}

Result<JournalReader> JournalReader::open_local() {
    if (!may_read_local()) {
        return failure(ErrorKind::PermissionDenied,
                       "read the system's journal: be root, or in group systemd-journal or adm",
                       EACCES);
    }
    sd_journal* journal = nullptr;
    const int code = ::sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    return made(code, journal, "open the system's journal");
}

Result<JournalReader> JournalReader::open_path(const std::string& path) {
    const std::string what = "open the journal " + path;

    struct stat status {};

    if (::stat(path.c_str(), &status) != 0) {
        return std::unexpected(os_error(errno, what));
    }
    sd_journal* journal = nullptr;
    if (S_ISDIR(status.st_mode)) {
        const int code = ::sd_journal_open_directory(&journal, path.c_str(), 0);
        return made(code, journal, what);
    }
    std::array<const char*, 2> files{path.c_str(), nullptr};
    const int code = ::sd_journal_open_files(&journal, files.data(), 0);
    return made(code, journal, what);
}

Status JournalReader::only_slotd(const std::string& also) {
    ::sd_journal_flush_matches(journal_.get());
    for (const std::string& match : {std::string("_SYSTEMD_UNIT=") + kUnit, also}) {
        if (match.empty()) {
            continue;
        }
        if (const int code = ::sd_journal_add_match(journal_.get(), match.data(), match.size());
            code < 0) {
            return broken(code, kReadIt);
        }
    }
    return {};
}

std::optional<std::string> JournalReader::field(const char* name) const {
    const void* data = nullptr;
    std::size_t bytes = 0;
    const std::size_t skipped = std::strlen(name) + 1;  // "NAME="
    if (::sd_journal_get_data(journal_.get(), name, &data, &bytes) < 0 || bytes < skipped) {
        return std::nullopt;
    }
    const std::size_t kept = std::min(bytes, kFieldBytesMax) - skipped;
    return std::string(static_cast<const char*>(data) + skipped, kept);
}

Result<std::vector<std::uint64_t>> JournalReader::incidents(std::string_view prefix) {
    ::sd_journal_flush_matches(journal_.get());
    if (const int code = ::sd_journal_query_unique(journal_.get(), "SLOTD_INCIDENT"); code < 0) {
        return broken(code, kReadIt);
    }
    constexpr std::string_view kName = "SLOTD_INCIDENT=";
    std::vector<std::uint64_t> found;
    const void* data = nullptr;
    std::size_t bytes = 0;
    for (std::size_t seen = 0; seen < kIncidentsMax; ++seen) {
        const int more = ::sd_journal_enumerate_unique(journal_.get(), &data, &bytes);
        if (more < 0) {
            return broken(more, kReadIt);
        }
        if (more == 0) {
            break;
        }
        std::string_view text(static_cast<const char*>(data), bytes);
        text.remove_prefix(std::min(kName.size(), text.size()));
        if (const auto incident = action::incident_from_text(text);
            incident && text.starts_with(prefix)) {
            found.push_back(*incident);
        }
    }
    std::ranges::sort(found);
    const auto same = std::ranges::unique(found);
    found.erase(same.begin(), same.end());
    return found;
}

Result<std::optional<std::uint64_t>> JournalReader::last_incident() {
    if (auto matched = only_slotd(""); !matched) {
        return std::unexpected(std::move(matched.error()));
    }
    if (const int code = ::sd_journal_seek_tail(journal_.get()); code < 0) {
        return broken(code, kReadIt);
    }
    for (std::size_t seen = 0; seen < kLinesMax; ++seen) {
        const int more = ::sd_journal_previous(journal_.get());
        if (more < 0) {
            return broken(more, kReadIt);
        }
        if (more == 0) {
            break;
        }
        if (const auto text = field("SLOTD_INCIDENT")) {
            if (const auto incident = action::incident_from_text(*text)) {
                return incident;
            }
        }
    }
    return std::optional<std::uint64_t>();
}

Result<std::vector<evidence::JournalLine>> JournalReader::lines_of(std::uint64_t incident) {
    if (auto matched = only_slotd("SLOTD_INCIDENT=" + action::incident_text(incident)); !matched) {
        return std::unexpected(std::move(matched.error()));
    }
    return read();
}

Result<std::vector<evidence::JournalLine>> JournalReader::lines() {
    if (auto matched = only_slotd(""); !matched) {
        return std::unexpected(std::move(matched.error()));
    }
    return read();
}

Result<std::vector<evidence::JournalLine>> JournalReader::read() {
    std::deque<evidence::JournalLine> lines;
    if (const int code = ::sd_journal_seek_head(journal_.get()); code < 0) {
        return broken(code, kReadIt);
    }
    for (;;) {
        const int more = ::sd_journal_next(journal_.get());
        if (more < 0) {
            return broken(more, kReadIt);
        }
        if (more == 0) {
            break;
        }
        std::uint64_t wall_us = 0;
        if (::sd_journal_get_realtime_usec(journal_.get(), &wall_us) < 0) {
            continue;  // an entry that is cut off at the end of a damaged file
        }
        auto line = evidence::journal_line(
            static_cast<std::int64_t>(std::min<std::uint64_t>(wall_us, INT64_MAX)),
            [this](const char* name) { return field(name); });
        if (!line) {
            continue;
        }
        if (lines.size() == kLinesMax) {
            lines.pop_front();
            is_cut_ = true;
        }
        lines.push_back(std::move(*line));
    }
    return std::vector<evidence::JournalLine>(std::make_move_iterator(lines.begin()),
                                              std::make_move_iterator(lines.end()));
}

}  // namespace slotd::os
