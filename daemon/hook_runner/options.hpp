#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace slotd::hook_runner {

/// A checked command line.
struct Options {
    std::optional<std::string>
        listen;  ///< a socket to make; nullopt: standard input is a connection
    /// Of the programs, in the order of precedence: one in an earlier folder hides its namesake.
    std::vector<std::string> directories = {"/etc/slotd/hooks.d", "/usr/lib/slotd/hooks.d"};
};

/// The options, or the exit code where there is nothing more to do.
std::expected<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace slotd::hook_runner
