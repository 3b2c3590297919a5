#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "tests/house/source_file.hpp"

namespace slotd::house {

/// Each module of lib/ with those that it may know.
using Modules = std::map<std::string, std::set<std::string>>;

/// From the slotd_library() calls of lib/CMakeLists.txt, the one place where the order is decided.
/// A dependency on a module that comes later, or is none, is a complaint.
Modules modules_of_cmake(std::string_view cmake, Complaints& complaints);
/// From the table of docs/architecture.md: | `pci` | what it is | base |
Modules modules_of_architecture(std::string_view markdown);

/// Where this file includes what it may not know: a module that is no dependency, the daemon,
/// tests, or headers of the operating system outside of lib/os, daemon and tests.
Complaints check_includes(const SourceFile& file, const Modules& modules);

}  // namespace slotd::house
