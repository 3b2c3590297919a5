#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"

namespace slotd::hook_runner {

/// How a program ended.
struct Ended {
    bool well = false;
    std::string
        why;  ///< where not well: the first line that it wrote to stderr, or what became of it
};

/// Runs one program with `argument`, the environment and nothing else of ours, and waits for its
/// end; at `deadline` it is killed with everything that it started in its process group. What it
/// writes goes to our stderr too.
Ended run_program(const std::string& path, const char* argument,
                  const std::vector<std::string>& environment, Instant deadline);

}  // namespace slotd::hook_runner
