#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace slotd::fakes {

/// A directory of its own for one test, removed with everything in it at the end.
class TempDir {
public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    std::string path(std::string_view below = "") const;
    /// Writes a file below, with its directories.
    void write(std::string_view below, std::string_view content) const;
    std::string read(std::string_view below) const;
    void make_dir(std::string_view below) const;
    /// A symbolic link with exactly this target, which need not exist.
    void link(std::string_view below, std::string_view target) const;
    void make_fifo(std::string_view below) const;
    void remove(std::string_view below) const;

private:
    std::filesystem::path root_;
};

}  // namespace slotd::fakes
