#include "os/error_counts.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/parse.hpp"
#include "event/observation.hpp"
#include "os/sysfs_dir.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kPageBytes = 4096;  // what an attribute of sysfs can hold

/// The number after "TOTAL_ERR_...".
std::uint64_t total_errors(const SysfsDir& dir, const std::string& name) {
    const auto text = dir.read(name);
    std::string_view rest = text ? std::string_view(*text).substr(0, kPageBytes) : "";
    while (!rest.empty()) {
        std::string_view line = next_field(rest, '\n');
        if (line.starts_with("TOTAL_ERR_")) {
            (void)next_field(line, ' ');
            return parse_unsigned<std::uint64_t>(line).value_or(0);
        }
    }
    return 0;
}

}  // namespace

event::ErrorCounts read_error_counts(const SysfsDir& function) {
    return {.correctable = total_errors(function, "aer_dev_correctable"),
            .nonfatal = total_errors(function, "aer_dev_nonfatal"),
            .fatal = total_errors(function, "aer_dev_fatal")};
}

}  // namespace slotd::os
