#include "os/kernel_facts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "os/sysfs_dir.hpp"
#include "report/checkup.hpp"
#include "report/printable.hpp"

namespace slotd::os {

namespace {

using report::KernelFacts;
using report::Known;

/// A kernel of today has 12 MB of symbols.
constexpr std::size_t kSymbolsBytesMax = std::size_t{64} << 20;
constexpr std::size_t kParametersMax = 16;

std::string attribute(const std::string& directory, const std::string& name) {
    const auto dir = SysfsDir::open(directory);
    auto text = dir ? dir->read(name) : Result<std::string>{};
    return text ? std::move(*text) : std::string{};
}

/// Those words of the kernel's command line that decide who has the ports.
std::vector<std::string> parameters_in(std::string_view command_line) {
    constexpr std::array<std::string_view, 4> kWanted{"pci=", "pcie_ports=", "pciehp.",
                                                      "lockdown="};
    std::vector<std::string> found;
    while (!command_line.empty() && found.size() < kParametersMax) {
        const std::string_view word = next_field(command_line, ' ');
        if (std::ranges::any_of(kWanted, [&](auto wanted) { return word.starts_with(wanted); })) {
            found.push_back(report::printable(word));
        }
    }
    return found;
}

/// "none [integrity] confidentiality": the one in brackets.
std::string lockdown_in(std::string_view text) {
    const auto begin = text.find('[');
    const auto end = text.find(']');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
        return {};
    }
    const std::string_view chosen = text.substr(begin + 1, end - begin - 1);
    constexpr std::array<std::string_view, 3> kModes{"none", "integrity", "confidentiality"};
    return std::ranges::find(kModes, chosen) != kModes.end() ? std::string(chosen) : std::string{};
}

Known known(bool is) {
    return is ? Known::Yes : Known::No;
}

/// Whether something is in a directory; Unknown where nobody can look into it.
Known exists(const std::string& directory, const std::string& name) {
    const auto dir = SysfsDir::open(directory);
    return dir ? known(dir->exists(name)) : Known::Unknown;
}

/// Lines are "ffffffff8157d2a0 T pci_dpc_recovered", of modules with "[module]" behind.
void read_symbols(std::string_view table, KernelFacts& facts) {
    const std::array<std::pair<std::string_view, Known*>, 6> wanted{{
        {"pci_hp_spurious_link_change", &facts.ignores_reset_flaps},
        {"pci_dpc_recovered", &facts.ignores_dpc_flaps},
        {"pciehp_slot_reset", &facts.resets_nested_slots},
        {"pci_try_reset_bridge", &facts.resets_below_slots},
        {"__traceiter_aer_event", &facts.has_error_trace},
        {"__traceiter_pci_hp_event", &facts.has_hotplug_trace},
    }};
    bool any = false;
    while (!table.empty()) {
        std::string_view line = next_field(table, '\n');
        (void)next_field(line, ' ');
        (void)next_field(line, ' ');
        const std::string_view symbol = next_field(line, '\t');
        if (!any && !symbol.empty()) {
            any = true;
            std::ranges::for_each(wanted, [](const auto& one) { *one.second = Known::No; });
        }
        const auto at =
            std::ranges::find(wanted, symbol, [](const auto& one) { return one.first; });
        if (at != wanted.end()) {
            *at->second = Known::Yes;
        }
    }
}

}  // namespace

KernelFacts read_kernel_facts(const std::string& sys, const std::string& proc) {
    KernelFacts facts;
    facts.release = report::printable(attribute(proc + "/sys/kernel", "osrelease"));
    facts.parameters = parameters_in(attribute(proc, "cmdline"));
    facts.lockdown = lockdown_in(attribute(sys + "/kernel/security", "lockdown"));
    facts.shares_interrupt = exists(sys + "/bus/pci_express/drivers", "pcie_bwctrl");
    facts.firmware_has_errors = exists(sys + "/firmware/acpi/tables", "HEST");
    if (const auto dir = SysfsDir::open(proc)) {
        if (const auto symbols = dir->read("kallsyms", kSymbolsBytesMax)) {
            read_symbols(*symbols, facts);
        }
    }
    return facts;
}

}  // namespace slotd::os
