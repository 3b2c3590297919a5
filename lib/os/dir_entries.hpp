#pragma once

#include <array>
#include <cstddef>

namespace slotd::os {

/// The names in a directory, one after the other, without "." and "..".
///
/// Not readdir(3): it asks the kernel four times more about a descriptor that is open already, and
/// whoever surveys a machine goes through a directory for each of its processes.
class DirEntries {
public:
    /// `fd` stays its owner's, outlives this object, and is read from its beginning.
    explicit DirEntries(int fd);

    /// Valid until the next call; nullptr at the end, and where the directory cannot be read.
    const char* next();

    /// Why next() ended, as errno has it; 0 at the end of the directory.
    int error() const { return error_; }

private:
    bool fill();

    int fd_;
    int error_ = 0;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    alignas(8) std::array<char, 16384> buffer_;  // not filled with zeros first
};

}  // namespace slotd::os
