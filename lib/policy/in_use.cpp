#include "policy/in_use.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/usage.hpp"
#include "pci/address.hpp"

namespace slotd::policy {

namespace {

struct NamedKind {
    UseKind kind;
    const char* name;
};

constexpr std::array<NamedKind, 11> kKinds{{
    {UseKind::Mounted, "mounted"},
    {UseKind::Swap, "swap"},
    {UseKind::Holder, "holder"},
    {UseKind::InFlight, "in-flight"},
    {UseKind::NetworkUp, "network-up"},
    {UseKind::Route, "route"},
    {UseKind::Member, "member"},
    {UseKind::Vf, "vf"},
    {UseKind::Vfio, "vfio"},
    {UseKind::Process, "process"},
    {UseKind::Unknown, "unknown"},
}};

/// Collects the uses of one function.
class Collector {
public:
    Collector(pci::Address function, std::vector<Use>& uses) : function_(function), uses_(uses) {}

    void add(UseKind kind, std::string text) {
        uses_.push_back({kind, function_, std::move(text)});
    }

    void block(const event::BlockUse& disk) {
        for (const event::MountSeen& mount : disk.mounts) {
            add(UseKind::Mounted, fmt::format("{} is mounted at {}", mount.device, mount.point));
        }
        for (const std::string& swap : disk.swaps) {
            add(UseKind::Swap, swap + " is swap space");
        }
        for (const std::string& holder : disk.holders) {
            add(UseKind::Holder, fmt::format("{} stands on {}", holder, disk.name));
        }
        if (disk.in_flight > 0) {
            add(UseKind::InFlight, fmt::format("{} has {} request{} in flight", disk.name,
                                               disk.in_flight, disk.in_flight == 1 ? "" : "s"));
        }
    }

    void network(const event::NetworkUse& interface) {
        if (interface.up) {
            add(UseKind::NetworkUp, fmt::format("{} is up, {}", interface.name,
                                                interface.carrier ? "with carrier" : "no carrier"));
        }
        if (interface.default_route) {
            add(UseKind::Route, "the default route goes out on " + interface.name);
        }
        if (!interface.member_of.empty()) {
            add(UseKind::Member,
                fmt::format("{} is part of {}", interface.name, interface.member_of));
        }
    }

private:
    pci::Address function_;
    std::vector<Use>& uses_;
};

void collect(const event::FunctionUse& function, std::vector<Use>& uses) {
    Collector collector(function.address, uses);
    for (const event::BlockUse& disk : function.blocks) {
        collector.block(disk);
    }
    for (const event::NetworkUse& interface : function.networks) {
        collector.network(interface);
    }
    for (const event::VfSeen& vf : function.vfs) {
        if (!vf.driver.empty()) {
            collector.add(UseKind::Vf,
                          fmt::format("VF {} is driven by {}", vf.address.to_string(), vf.driver));
        }
    }
    if (function.vfio_open) {
        collector.add(UseKind::Vfio, function.vfio_group ? fmt::format("VFIO group {} is open",
                                                                       *function.vfio_group)
                                                         : std::string("its VFIO device is open"));
    }
}

}  // namespace

const char* to_text(UseKind kind) {
    const auto* const named = std::ranges::find(kKinds, kind, &NamedKind::kind);
    return named == kKinds.end() ? "unknown" : named->name;
}

std::optional<UseKind> use_kind_from_text(std::string_view text) {
    const auto* const named = std::ranges::find_if(
        kKinds, [&](const NamedKind& candidate) { return candidate.name == text; });
    return named == kKinds.end() ? std::nullopt : std::optional(named->kind);
}

const std::vector<UseKind>& all_use_kinds() {
    static const std::vector<UseKind> all = [] {
        std::vector<UseKind> kinds;
        for (const NamedKind& named : kKinds) {
            kinds.push_back(named.kind);
        }
        return kinds;
    }();
    return all;
}

std::vector<Use> uses_of(const event::Usage& usage, const std::optional<pci::Address>& function) {
    std::vector<Use> uses;
    const auto concerned = [&](const pci::Address& address) {
        return !function || *function == address;
    };
    for (const event::FunctionUse& one : usage.functions) {
        if (concerned(one.address)) {
            collect(one, uses);
        }
    }
    for (const event::ProcessUse& process : usage.processes) {
        if (concerned(process.function)) {
            uses.push_back(
                {UseKind::Process, process.function,
                 fmt::format("{} (pid {}{}) holds {}", process.command, process.pid,
                             process.unit.empty() ? "" : ", " + process.unit, process.node)});
        }
    }
    for (const std::string& what : usage.unreadable) {
        uses.push_back({UseKind::Unknown, usage.port, "cannot tell: " + what});
    }
    if (usage.left_out > 0) {
        uses.push_back({UseKind::Unknown, usage.port,
                        fmt::format("{} more entries did not fit", usage.left_out)});
    }
    std::ranges::stable_sort(uses, {},
                             [](const Use& use) { return std::pair(use.function, use.kind); });
    return uses;
}

std::vector<Use> counted(const std::vector<Use>& uses, const std::vector<UseKind>& counts) {
    std::vector<Use> counting;
    std::ranges::copy_if(uses, std::back_inserter(counting), [&](const Use& use) {
        return std::ranges::find(counts, use.kind) != counts.end();
    });
    return counting;
}

std::string list(const std::vector<Use>& uses, std::size_t most) {
    std::string text;
    for (std::size_t index = 0; index < std::min(most, uses.size()); ++index) {
        text += fmt::format("{}{}: {}", index == 0 ? "" : "; ", uses[index].function.to_string(),
                            uses[index].text);
    }
    if (uses.size() > most) {
        text += fmt::format("; and {} more", uses.size() - most);
    }
    return text;
}

}  // namespace slotd::policy
