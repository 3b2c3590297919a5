#include "os/port_facts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "coordinator/slot_status.hpp"
#include "os/error_counts.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "report/checkup.hpp"
#include "report/printable.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kMethodsMax = 16;
constexpr std::size_t kMethodBytesMax = 32;

std::vector<std::string> read_reset_methods(const SysfsDir& dir) {
    // The list as it was made at enumeration (reset_method_show): nobody is asked.
    const auto text = dir.read("reset_method");
    std::string_view rest = text ? std::string_view(*text) : "";
    std::vector<std::string> methods;
    while (!rest.empty() && methods.size() < kMethodsMax) {
        const std::string_view method = next_field(rest, ' ');
        if (!method.empty() && method.size() <= kMethodBytesMax) {
            methods.push_back(report::printable(method));
        }
    }
    return methods;
}

std::optional<SysfsDir> function_dir(const std::string& sysfs, const pci::Address& address) {
    auto dir = SysfsDir::open(sysfs + "/bus/pci/devices/" + address.to_string());
    return dir ? std::optional(std::move(*dir)) : std::nullopt;
}

}  // namespace

report::PortFacts read_port_facts(const std::string& sysfs, const pci::Topology& topology,
                                  const coordinator::SlotStatus& slot) {
    report::PortFacts facts;
    const pci::Port* const port = topology.find(slot.port);
    const pci::Port* const root = topology.find(slot.root_port);
    const auto dir = function_dir(sysfs, slot.port);
    const auto root_dir = function_dir(sysfs, slot.root_port);
    if (port == nullptr || root == nullptr || !dir || !root_dir) {
        return facts;
    }
    facts.found = true;
    // There where the function has the AER capability and the kernel is built with AER, whether or
    // not it may use it (aer.c aer_stats_attrs_are_visible).
    facts.reports_errors = root_dir->exists("aer_dev_fatal");
    facts.services = port->services;
    facts.bound = port->bound;
    facts.root_services = root->services;
    facts.root_bound = root->bound;
    for (const pci::Function& function : slot.functions) {
        const auto below = function_dir(sysfs, function.address);
        if (!below || below->exists("physfn")) {
            continue;  // gone, or a virtual function, which goes with its physical one
        }
        facts.functions.push_back({.address = function.address,
                                   .reports_errors = below->exists("aer_dev_fatal"),
                                   .reset_methods = read_reset_methods(*below),
                                   .errors = read_error_counts(*below)});
    }
    return facts;
}

}  // namespace slotd::os
