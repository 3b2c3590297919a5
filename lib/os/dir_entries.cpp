#include "os/dir_entries.hpp"

#include <dirent.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace slotd::os {

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): the kernel fills what is used of buffer_
DirEntries::DirEntries(int fd) : fd_(fd) {
    if (::lseek(fd_, 0, SEEK_SET) < 0) {
        error_ = errno;
    }
}

bool DirEntries::fill() {
    if (error_ != 0) {
        return false;
    }
    const ssize_t got = ::getdents64(fd_, buffer_.data(), buffer_.size());
    if (got < 0) {
        error_ = errno;
        return false;
    }
    at_ = 0;
    end_ = static_cast<std::size_t>(got);
    return got > 0;
}

const char* DirEntries::next() {
    while (at_ < end_ || fill()) {
        const auto* const entry = reinterpret_cast<const dirent64*>(buffer_.data() + at_);
        at_ += entry->d_reclen;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            return entry->d_name;
        }
    }
    return nullptr;
}

}  // namespace slotd::os
