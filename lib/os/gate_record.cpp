#include "os/gate_record.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/gate.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kCompactAboveBytes = std::size_t{16} * 1024;
constexpr int kReopensMax = 16;

/// `bytes` is what the file has: nobody else writes while it is locked.
Result<std::string> read_whole(int fd, std::size_t bytes, const std::string& path) {
    if (bytes > kRecordBytesMax) {
        return failure(ErrorKind::Overflow, "read " + path + " within 256 KiB");
    }
    std::string text(bytes, '\0');
    std::size_t have = 0;
    while (have < bytes) {
        const ssize_t got = ::pread(fd, text.data() + have, bytes - have, static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::unexpected(os_error(errno, "read " + path));
        }
        if (got == 0) {
            break;
        }
        have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return text;
}

Status write_whole(int fd, std::string_view text, const std::string& path) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) {
        return std::unexpected(os_error(errno, "write to " + path));
    }
    if (std::cmp_not_equal(written, text.size())) {
        return failure(ErrorKind::Io, "write a whole line to " + path);
    }
    return {};
}

/// How many bytes it has, while `fd` still is what `path` names: a compaction replaces the file.
std::optional<std::size_t> size_if_current(int fd, const std::string& path) {
    struct stat held {};

    struct stat named {};

    const bool current = ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
                         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
    return current ? std::optional(static_cast<std::size_t>(held.st_size)) : std::nullopt;
}

std::size_t whole_lines_bytes(std::string_view text) {
    const std::size_t last_newline = text.rfind('\n');
    return last_newline == std::string_view::npos ? 0 : last_newline + 1;
}

std::vector<std::string_view> damaged_lines(std::string_view text) {
    std::vector<std::string_view> damaged;
    std::string_view rest = text.substr(0, whole_lines_bytes(text));
    while (!rest.empty()) {
        const std::string_view line = next_field(rest, '\n');
        if (!parse_gate_line(line)) {
            damaged.push_back(line);
        }
    }
    return damaged;
}

/// Whether the gate is among closed_gates_in(text). Only lines that begin with its name are read:
/// closing a gate waits for this, and others may have a thousand lines there.
bool is_closed(std::string_view text, const Gate& gate) {
    const std::string name = name_of(gate);
    const std::size_t what_bytes = std::string_view("closed ").size();  // as long as "opened "
    bool closed = false;
    std::string_view rest = text.substr(0, whole_lines_bytes(text));
    while (!rest.empty()) {
        const std::string_view line = next_field(rest, '\n');
        if (line.substr(std::min(what_bytes, line.size())).starts_with(name)) {
            const Result<GateLine> read = parse_gate_line(line);
            closed = read && read->name == name ? read->closed.has_value() : closed;
        }
    }
    return closed;
}

/// The shortest record that says the same; damaged lines stay, they are not ours to forget.
std::string compacted(std::string_view text) {
    std::string shorter;
    for (const std::string_view line : damaged_lines(text)) {
        shorter += std::string(line) + "\n";
    }
    for (const Gate& gate : closed_gates_in(text).gates) {
        shorter += closed_line(gate);
    }
    return shorter;
}

}  // namespace

ClosedGates closed_gates_in(std::string_view text) {
    ClosedGates closed;
    std::map<std::string, std::size_t, std::less<>> line_by_name;
    std::map<std::size_t, Gate> gate_by_line;  // in the order of closing
    std::string_view rest = text.substr(0, whole_lines_bytes(text));
    for (std::size_t number = 1; !rest.empty(); ++number) {
        Result<GateLine> line = parse_gate_line(next_field(rest, '\n'));
        if (!line) {
            closed.damaged.push_back("line " + std::to_string(number));
            continue;
        }
        const auto known = line_by_name.find(line->name);
        if (line->closed && known == line_by_name.end()) {
            line_by_name.emplace(line->name, number);
            gate_by_line.emplace(number, std::move(*line->closed));
        } else if (!line->closed && known != line_by_name.end()) {
            gate_by_line.erase(known->second);
            line_by_name.erase(known);
        }
    }
    for (auto& [number, gate] : gate_by_line) {
        closed.gates.push_back(std::move(gate));
    }
    return closed;
}

GateRecord::GateRecord(const std::string& state_dir, Reached reached)
    : path_(state_dir + "/gates"),
      reached_(std::move(reached)) {}

void GateRecord::reached(std::string_view step) const {
    if (reached_) {
        reached_(step);
    }
}

GateRecord::Lock::~Lock() {
    if (file_ >= 0) {
        (void)::flock(file_, LOCK_UN);  // fails for what is no file only
    }
}

Status GateRecord::open() const {
    file_.reset(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    return file_ ? Status{} : std::unexpected(os_error(errno, "open " + path_));
}

Result<GateRecord::Locked> GateRecord::open_locked() const {
    for (int attempt = 0; attempt < kReopensMax; ++attempt) {
        if (!file_) {
            if (auto opened = open(); !opened) {
                return std::unexpected(std::move(opened.error()));
            }
        }
        if (::flock(file_.get(), LOCK_EX) != 0) {
            return std::unexpected(os_error(errno, "lock " + path_));
        }
        const auto bytes = size_if_current(file_.get(), path_);
        if (!bytes) {
            file_.reset();  // and its lock with it
            continue;
        }
        Lock lock(file_.get());
        Result<std::string> text = read_whole(file_.get(), *bytes, path_);
        if (!text) {
            return std::unexpected(std::move(text.error()));
        }
        return Locked{std::move(lock), std::move(*text)};
    }
    return failure(ErrorKind::Busy, "lock " + path_);
}

Status GateRecord::append(const Locked& record, const std::string& line) const {
    // What a crash left of a line that was never finished; the next line must not run into it.
    const std::size_t whole = whole_lines_bytes(record.text);
    if (whole != record.text.size() &&
        ::ftruncate(record.lock.file(), static_cast<off_t>(whole)) != 0) {
        return std::unexpected(os_error(errno, "cut " + path_));
    }
    reached("before record");
    if (auto written = write_whole(record.lock.file(), line, path_); !written) {
        return written;
    }
    reached("after record");
    return {};
}

Status GateRecord::replace(const std::string& text) const {
    const std::string fresh = path_ + ".new";
    const UniqueFd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!file) {
        return std::unexpected(os_error(errno, "open " + fresh));
    }
    if (auto written = write_whole(file.get(), text, fresh); !written) {
        return written;
    }
    reached("before rename");
    if (::rename(fresh.c_str(), path_.c_str()) != 0) {
        return std::unexpected(os_error(errno, "rename " + fresh));
    }
    reached("after rename");
    return {};
}

/// Appends, mostly. Where the record would grow over another power of two it becomes the shortest
/// one first: not with each line, or a thousand closed gates would make each closing slow.
Status GateRecord::add(const Locked& record, const std::string& line) const {
    const std::size_t whole = whole_lines_bytes(record.text);
    const std::size_t after = whole + line.size();
    if (after <= kRecordBytesMax &&
        std::bit_width(whole / kCompactAboveBytes) == std::bit_width(after / kCompactAboveBytes)) {
        return append(record, line);
    }
    const std::string text = compacted(record.text.substr(0, whole) + line);
    if (text.size() > kRecordBytesMax) {
        return failure(ErrorKind::Overflow, "add to " + path_ + ", which is full");
    }
    return replace(text);
}

Status GateRecord::note_closed(const Gate& gate) const {
    const Result<Locked> record = open_locked();
    if (!record) {
        return std::unexpected(record.error());
    }
    return is_closed(record->text, gate) ? Status{} : add(*record, closed_line(gate));
}

Status GateRecord::note_opened(const Gate& gate) const {
    const Result<Locked> record = open_locked();
    if (!record) {
        return std::unexpected(record.error());
    }
    if (!is_closed(record->text, gate)) {
        return {};
    }
    if (auto written = add(*record, opened_line(gate)); !written) {
        return written;
    }
    const ClosedGates before = closed_gates_in(record->text);
    if (before.gates.size() == 1 && before.damaged.empty()) {
        // It was the last one: an empty file says the same. Not worth an error, the line above is
        // written. Where the file was replaced this is the old one, which nobody reads.
        (void)::ftruncate(record->lock.file(), 0);
        reached("after empty");
    }
    return {};
}

Result<ClosedGates> GateRecord::load() const {
    Result<Locked> record = open_locked();
    if (!record) {
        return std::unexpected(std::move(record.error()));
    }
    return closed_gates_in(record->text);
}

Status GateRecord::set_damaged_aside() const {
    Result<Locked> record = open_locked();
    if (!record) {
        return std::unexpected(std::move(record.error()));
    }
    std::string damaged;
    for (const std::string_view line : damaged_lines(record->text)) {
        damaged += std::string(line) + "\n";
    }
    const std::string aside = path_ + ".damaged";
    const UniqueFd file{::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!file) {
        return std::unexpected(os_error(errno, "open " + aside));
    }
    if (auto written = write_whole(file.get(), damaged, aside); !written) {
        return written;
    }
    std::string rest;
    for (const Gate& gate : closed_gates_in(record->text).gates) {
        rest += closed_line(gate);
    }
    return replace(rest);
}

}  // namespace slotd::os
