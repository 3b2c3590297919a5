#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace slotd::fakes {

/// A disk with room for very little, mounted for the life of this object.
class SmallDisk {
public:
    explicit SmallDisk(const std::string& path)
        : path_(path),
          mounted_(::mount("none", path.c_str(), "tmpfs", 0, "size=320k") == 0),
          errno_(errno) {}

    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    ~SmallDisk() {
        if (mounted_) {
            (void)::umount2(path_.c_str(), MNT_DETACH);
        }
    }

    explicit operator bool() const { return mounted_; }

    std::string why() const {
        return std::string("mounting a small disk needs root: ") + std::strerror(errno_);
    }

    bool read_only(bool wanted) const {
        const unsigned long flags = wanted ? MS_REMOUNT | MS_RDONLY : MS_REMOUNT;
        return ::mount("none", path_.c_str(), "tmpfs", flags, nullptr) == 0;
    }

private:
    std::string path_;
    bool mounted_;
    int errno_;
};

}  // namespace slotd::fakes
