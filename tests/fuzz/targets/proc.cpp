// What the survey and the doctor read in /proc: mount points, host names and commands in it are
// named by anybody.
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "os/driver_note.hpp"
#include "os/usage_mounts.hpp"
#include "os/usage_network.hpp"
#include "os/usage_processes.hpp"
#include "report/boot_parameters.hpp"
#include "report/checkup.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

void require_mounts(std::string_view text) {
    for (const os::Mount& mount : os::parse_mountinfo(text)) {
        require(mount.point.starts_with('/'), "a mount is somewhere");
        require(mount.number.find(':') != std::string::npos, "a mount is of a file system");
        require(mount.number.find(' ') == std::string::npos, "a number has no blank");
    }
    for (const std::string& swap : os::parse_swaps(text)) {
        require(swap.starts_with('/'), "a swap space is somewhere");
    }
}

void require_routes(std::string_view text) {
    for (const auto& routes : {os::parse_default_routes(text), os::parse_default_routes6(text)}) {
        for (const std::string& interface : routes) {
            require(!interface.empty(), "a route is of an interface");
            require(interface.find_first_of(" \t\n") == std::string::npos, "and that has one name");
        }
    }
}

void require_unit(std::string_view text) {
    const std::string unit = os::unit_of_cgroup(text);
    require(unit.find_first_of("/\n") == std::string::npos, "a unit is one name");
    require(unit.empty() || text.find(unit) != std::string_view::npos, "nobody made it up");
}

void require_driver_notes(std::string_view text) {
    if (const auto note = os::parse_driver_note(text)) {
        require(os::to_text(*note) == text, "encode(decode(x)) is x");
    }
    if (const auto notes = os::parse_driver_notes(text)) {
        require(notes->size() <= os::kVfsMax, "no card has so many virtual functions");
        require(os::parse_driver_notes(os::to_text(*notes)) == notes, "decode(encode(x)) is x");
    }
}

}  // namespace

void fuzz_proc(std::span<const std::uint8_t> bytes) {
    const std::string_view text = text_of(bytes);
    require_mounts(text);
    require_routes(text);
    require_unit(text);
    require_driver_notes(text);
    report::KernelFacts kernel;
    kernel.parameters = {std::string(text)};
    require(!report::booted_with(kernel, "pci", "noaer") ||
                (text.starts_with("pci=") && text.find("noaer") != std::string_view::npos),
            "only what was said at boot was said");
}

}  // namespace slotd::fuzz
