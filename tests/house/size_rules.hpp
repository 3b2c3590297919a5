#pragma once

#include <cstddef>

#include "tests/house/source_file.hpp"

namespace slotd::house {

inline constexpr std::size_t kColumnsMax = 100;
inline constexpr std::size_t kFunctionLinesMax = 70;
inline constexpr std::size_t kSourceLinesMax = 400;
inline constexpr std::size_t kHeaderLinesMax = 200;
inline constexpr std::size_t kTestLinesMax = 600;

/// Lines over kColumnsMax characters.
Complaints check_columns(const SourceFile& file);
/// Function bodies over kFunctionLinesMax lines, from brace to brace; a TEST() is a function.
Complaints check_functions(const SourceFile& file);
/// The file as a whole.
Complaints check_length(const SourceFile& file);

}  // namespace slotd::house
