#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// One directory of sysfs, held open. Names are resolved against the held descriptor, so a device
/// that is removed and added again under the same path is never written to by mistake.
class SysfsDir {
public:
    /// `path` is for messages too.
    static Result<SysfsDir> open(std::string path);

    /// A directory below this one; symbolic links are followed, as sysfs is made of them.
    Result<SysfsDir> open_below(const std::string& name) const;

    /// The attribute without its final newline; at most 64 KiB are read.
    Result<std::string> read(const std::string& attribute) const;

    /// One write(2) of all of `value`: a store callback sees one buffer per call, so a short write
    /// is an error and is never continued.
    Status write(const std::string& attribute, std::string_view value) const;

    /// Where a symbolic link points, as it is written; nullopt where there is no link.
    std::optional<std::string> link_target(const std::string& link) const;

    /// Last component of a symbolic link's target ("e1000e" of `driver`); nullopt where there is no
    /// link.
    std::optional<std::string> link_name(const std::string& link) const;

    /// Names in the directory without "." and "..", sorted; at most 65,536.
    Result<std::vector<std::string>> names() const;

    bool exists(const std::string& name) const;

    const std::string& path() const { return path_; }

    int fd() const { return fd_.get(); }

private:
    SysfsDir(UniqueFd fd, std::string path);

    UniqueFd fd_;
    std::string path_;
};

}  // namespace slotd::os
