#include "report/usage_tree.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/usage.hpp"
#include "pci/address.hpp"
#include "report/printable.hpp"

namespace slotd::report {

namespace {

constexpr std::size_t kNameWidth = 14;

/// Lines of one function, indented by depth.
class Tree {
public:
    void add(std::size_t depth, std::string_view name, const std::string& fact) {
        const std::string clean = printable(name);
        std::string line(2 * depth, ' ');
        line += columns(clean) < kNameWidth ? fitted(clean, kNameWidth) : clean;
        lines_.push_back(line + "  " + printable(fact));
    }

    void block(const event::BlockUse& disk) {
        add(1, disk.name,
            disk.in_flight == 0 ? "disk, nothing in flight"
                                : fmt::format("disk, {} request{} in flight", disk.in_flight,
                                              disk.in_flight == 1 ? "" : "s"));
        for (const event::MountSeen& mount : disk.mounts) {
            add(2, mount.device, "mounted at " + mount.point);
        }
        for (const std::string& swap : disk.swaps) {
            add(2, swap, "swap space");
        }
        for (const std::string& holder : disk.holders) {
            add(2, holder, "stands on " + disk.name);
        }
    }

    void network(const event::NetworkUse& interface) {
        std::string facts = interface.up ? "up" : "down";
        if (interface.up) {
            facts += interface.carrier ? ", with carrier" : ", no carrier";
        }
        if (interface.default_route) {
            facts += ", default route";
        }
        if (!interface.member_of.empty()) {
            facts += ", part of " + interface.member_of;
        }
        add(1, interface.name, facts);
    }

    void function(const event::FunctionUse& one) {
        add(0, one.address.to_string(), one.driver.empty() ? "no driver" : one.driver);
        for (const event::BlockUse& disk : one.blocks) {
            block(disk);
        }
        for (const event::NetworkUse& interface : one.networks) {
            network(interface);
        }
        for (const event::VfSeen& vf : one.vfs) {
            add(1, "VF " + vf.address.to_string(), vf.driver.empty() ? "no driver" : vf.driver);
        }
        if (one.vfio_group || one.vfio_open) {
            add(1, one.vfio_group ? fmt::format("VFIO group {}", *one.vfio_group) : "VFIO device",
                one.vfio_open ? "open" : "not open");
        }
    }

    void process(const event::ProcessUse& process) {
        add(1, process.command,
            fmt::format("pid {}{}{}, holds {}", process.pid, process.unit.empty() ? "" : ", ",
                        process.unit, process.node));
    }

    std::vector<std::string> take() { return std::move(lines_); }

private:
    std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> usage_tree(const event::Usage& usage,
                                    const std::optional<pci::Address>& function) {
    Tree tree;
    for (const event::FunctionUse& one : usage.functions) {
        if (function && *function != one.address) {
            continue;
        }
        tree.function(one);
        for (const event::ProcessUse& process : usage.processes) {
            if (process.function == one.address) {
                tree.process(process);
            }
        }
    }
    return tree.take();
}

}  // namespace slotd::report
