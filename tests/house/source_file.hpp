#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slotd::house {

/// One C++ file of the repository, as the rules look at it.
struct SourceFile {
    std::string path;  ///< from the repository: "lib/pci/address.hpp"
    std::string text;  ///< as it is
    /// The same length and lines, with comments and the inside of literals blanked.
    std::string code;

    SourceFile(std::string path, std::string text);

    bool is_header() const { return path.ends_with(".hpp"); }

    /// "pci" of lib/pci/...; empty outside of lib/.
    std::string module() const;
};

/// A rule's finding: "lib/pci/address.cpp:12: ...". Empty is good.
using Complaints = std::vector<std::string>;

std::string complaint(const SourceFile& file, std::size_t line, std::string_view text);

/// Blanks comments and the inside of string and character literals, raw ones included.
std::string code_only(std::string_view text);
/// The lines of `text` without their ends.
std::vector<std::string_view> lines_of(std::string_view text);
/// 1 for the first.
std::size_t line_at(std::string_view text, std::size_t offset);

/// All .hpp and .cpp of lib, daemon and tests, by path.
std::vector<SourceFile> sources_of_repository();
/// Any file of the repository; empty when it is not there.
std::string repository_text(std::string_view path);

}  // namespace slotd::house
