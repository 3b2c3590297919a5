#pragma once

#include <cstddef>
#include <cstdint>
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

    /// The attribute without its final newline; Overflow where it has 65,536 bytes or more. The
    /// kernel shows an attribute whole: what does not fill the buffer is its end. So do the files
    /// of /proc that show one thing.
    Result<std::string> read(const std::string& attribute) const;

    /// The same of a table, whose lines come in pieces of any size.
    Result<std::string> read(const std::string& table, std::size_t bytes_max) const;

    /// The whole lines at the beginning of a long file, in at most `bytes_max` bytes.
    Result<std::string> read_start(const std::string& attribute, std::size_t bytes_max) const;

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

    using Wanted = bool (*)(std::string_view name);

    /// Those of them that are wanted.
    Result<std::vector<std::string>> names(Wanted wanted) const;

    bool exists(const std::string& name) const;

    const std::string& path() const { return path_; }

    int fd() const { return fd_.get(); }

private:
    struct Start {
        std::string text;
        bool whole = false;
    };

    SysfsDir(UniqueFd fd, std::string path);

    enum class Shown : std::uint8_t { Whole, InPieces };

    Result<Start> read_up_to(const std::string& attribute, std::size_t bytes_max,
                             Shown shown) const;
    Result<std::string> read_whole(const std::string& attribute, std::size_t bytes_max,
                                   Shown shown) const;

    UniqueFd fd_;
    std::string path_;
};

}  // namespace slotd::os
