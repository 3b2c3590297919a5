#include "os/sysfs_dir.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/dir_entries.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kNamesMax = 65536;
constexpr std::size_t kAttributeBytesMax = 65536;

}  // namespace

SysfsDir::SysfsDir(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

Result<SysfsDir> SysfsDir::open(std::string path) {
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) {
        return std::unexpected(os_error(errno, "open " + path));
    }
    return SysfsDir{std::move(fd), std::move(path)};
}

Result<SysfsDir> SysfsDir::open_below(const std::string& name) const {
    UniqueFd fd{::openat(fd_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) {
        return std::unexpected(os_error(errno, "open " + path_ + "/" + name));
    }
    return SysfsDir{std::move(fd), path_ + "/" + name};
}

Result<SysfsDir::Start> SysfsDir::read_up_to(const std::string& attribute, std::size_t bytes_max,
                                             Shown shown) const {
    const UniqueFd file{::openat(fd_.get(), attribute.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        return std::unexpected(os_error(errno, "open " + path_ + "/" + attribute));
    }
    Start start;
    std::array<char, 4096> buffer;  // NOLINT: read fills what is used of it
    while (start.text.size() < bytes_max) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::unexpected(os_error(errno, "read " + path_ + "/" + attribute));
        }
        start.text.append(buffer.data(), static_cast<std::size_t>(got));
        if (got == 0 || (shown == Shown::Whole && std::cmp_less(got, buffer.size()))) {
            start.whole = true;
            return start;
        }
    }
    return start;
}

Result<std::string> SysfsDir::read(const std::string& attribute) const {
    return read_whole(attribute, kAttributeBytesMax, Shown::Whole);
}

Result<std::string> SysfsDir::read(const std::string& table, std::size_t bytes_max) const {
    return read_whole(table, bytes_max, Shown::InPieces);
}

Result<std::string> SysfsDir::read_whole(const std::string& attribute, std::size_t bytes_max,
                                         Shown shown) const {
    auto start = read_up_to(attribute, bytes_max, shown);
    if (!start) {
        return std::unexpected(std::move(start.error()));
    }
    if (!start->whole) {
        return failure(ErrorKind::Overflow, "read " + path_ + "/" + attribute + " within " +
                                                std::to_string(bytes_max) + " bytes");
    }
    return std::string(without_newline(start->text));
}

Result<std::string> SysfsDir::read_start(const std::string& attribute,
                                         std::size_t bytes_max) const {
    auto start = read_up_to(attribute, bytes_max, Shown::InPieces);
    if (!start) {
        return std::unexpected(std::move(start.error()));
    }
    if (!start->whole) {
        start->text.resize(start->text.rfind('\n') + 1);
    }
    return std::move(start->text);
}

Status SysfsDir::write(const std::string& attribute, std::string_view value) const {
    // O_TRUNC as the shell's ">" has it: nothing to sysfs, and a plain file in a test behaves like
    // it.
    const UniqueFd file{::openat(fd_.get(), attribute.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC)};
    if (!file) {
        return std::unexpected(os_error(errno, "open " + path_ + "/" + attribute));
    }
    const ssize_t written = ::write(file.get(), value.data(), value.size());
    if (written < 0) {
        return std::unexpected(os_error(errno, "write to " + path_ + "/" + attribute));
    }
    if (std::cmp_not_equal(written, value.size())) {
        return failure(ErrorKind::Io, "write all of " + path_ + "/" + attribute);
    }
    return {};
}

std::optional<std::string> SysfsDir::link_target(const std::string& link) const {
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlinkat(fd_.get(), link.c_str(), target.data(), target.size());
    if (length <= 0) {
        return std::nullopt;
    }
    return std::string(target.data(), static_cast<std::size_t>(length));
}

std::optional<std::string> SysfsDir::link_name(const std::string& link) const {
    auto target = link_target(link);
    if (target) {
        target->erase(0, target->rfind('/') + 1);
    }
    return target;
}

Result<std::vector<std::string>> SysfsDir::names() const {
    return names([](std::string_view) { return true; });
}

Result<std::vector<std::string>> SysfsDir::names(Wanted wanted) const {
    std::vector<std::string> found;
    DirEntries entries(fd_.get());
    while (const char* const name = entries.next()) {
        if (!wanted(name)) {
            continue;
        }
        if (found.size() == kNamesMax) {
            return failure(ErrorKind::Overflow, "list " + path_ + " within 65536 names");
        }
        found.emplace_back(name);
    }
    if (entries.error() != 0) {
        return std::unexpected(os_error(entries.error(), "list " + path_));
    }
    std::ranges::sort(found);
    return found;
}

bool SysfsDir::exists(const std::string& name) const {
    return ::faccessat(fd_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace slotd::os
