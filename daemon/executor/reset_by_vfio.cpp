#include "daemon/executor/reset_by_vfio.hpp"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "daemon/executor/below_port.hpp"
#include "daemon/executor/driver_gate.hpp"
#include "daemon/executor/function_driver.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/hot_reset.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "daemon/executor/virtual_functions.hpp"
#include "event/outcome.hpp"
#include "os/driver_note.hpp"
#include "os/gate.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

using Functions = std::vector<FunctionBelow>;

/// What stands against giving this one function to vfio-pci.
std::optional<std::string> objection(const FunctionBelow& one) {
    const std::string name = one.address.to_string();
    if (one.bridge) {
        return name + " is a bridge, which VFIO cannot reset";
    }
    if (one.given_to_vfio) {
        return name + " belongs to VFIO already (group " + one.group +
               "): its owner has to reset it, or to lend its descriptors";
    }
    if (one.virtual_function) {
        return std::nullopt;  // it is dropped
    }
    if (one.group.empty()) {
        return name +
               " has no IOMMU group: boot with intel_iommu=on or what the machine has in its "
               "place; VFIO's noiommu mode is not used";
    }
    if (!os::is_driver_note(one.driver.driver) || !os::is_driver_note(one.driver.driver_override)) {
        return "the driver or driver_override of " + name + " cannot be noted";
    }
    const bool asks_for_another =
        !one.driver.driver.empty() && one.driver.driver_override != one.driver.driver;
    if (one.driver.driver_override == kVfioPci ||
        (!one.driver.driver_override.empty() && asks_for_another)) {
        return name + " has driver_override " + one.driver.driver_override +
               ", which is not its driver: somebody is about to take it";
    }
    return std::nullopt;
}

/// Functions of the same IOMMU groups that are not below the port: a group has one owner.
std::optional<std::string> outsiders(const Hands& hands, const Functions& functions) {
    std::string names;
    for (const FunctionBelow& one : functions) {
        const auto members =
            hands.sysfs().open_below("kernel/iommu_groups/" + one.group + "/devices");
        const auto listed = members ? members->names() : std::unexpected(members.error());
        for (const std::string& name : listed.value_or(std::vector<std::string>{})) {
            const auto address = pci::Address::parse(name);
            const std::string code = members->read(name + "/class").value_or("");
            // Bridges stay with their driver, which does no DMA.
            if (address && !code.starts_with("0x06") && names.find(name) == std::string::npos &&
                std::ranges::find(functions, *address, &FunctionBelow::address) ==
                    functions.end()) {
                names += (names.empty() ? "" : " ") + name;
            }
        }
    }
    if (names.empty()) {
        return std::nullopt;
    }
    return "not viable: outside the slot and in the same IOMMU group: " + names;
}

/// Drops what is noted, and answers with what is left, if everything that can be checked before is
/// as it must be.
Checked<Functions> prepared(const Hands& hands, const CheckedPort& port) {
    auto functions = functions_below(port);
    if (!functions) {
        return std::unexpected(outcome_of(functions.error()));
    }
    if (functions->empty()) {
        return std::unexpected(gone("nothing is below " + port.address.to_string()));
    }
    if (!hands.sysfs().exists(std::string("bus/pci/drivers/") + kVfioPci)) {
        return std::unexpected(refused("vfio-pci is not loaded; modprobe vfio-pci"));
    }
    for (const FunctionBelow& one : *functions) {
        const auto against = objection(one);
        if (against) {
            return std::unexpected(refused(*against));
        }
    }
    if (const auto others = outsiders(hands, *functions)) {
        return std::unexpected(refused(*others));
    }
    if (event::Outcome dropped = drop_noted_vfs(hands, port); !dropped.succeeded()) {
        return std::unexpected(std::move(dropped));
    }
    std::erase_if(*functions, [](const FunctionBelow& one) { return one.virtual_function; });
    return std::move(*functions);
}

/// In reverse order; the last outcome that is no success, or Done.
event::Outcome give_back(const Hands& hands, const std::vector<os::Gate>& given) {
    event::Outcome all = done();
    for (const os::Gate& gate : std::views::reverse(given)) {
        event::Outcome back = open_gate(hands, gate);
        // A function that went away took its driver with it.
        if (!back.succeeded() && back.kind != event::OutcomeKind::Gone) {
            all = std::move(back);
        }
    }
    return all;
}

/// Groups in the order of their functions, each once.
std::vector<std::string> groups_of(const Functions& functions) {
    std::vector<std::string> groups;
    for (const FunctionBelow& one : functions) {
        if (std::ranges::find(groups, one.group) == groups.end()) {
            groups.push_back(one.group);
        }
    }
    return groups;
}

/// All functions are vfio-pci's. Everything that is opened here is closed at the end, the function
/// first.
event::Outcome open_and_reset(const Hands& hands, const Functions& functions) {
    const auto container = os::open_container(hands.vfio());
    if (!container) {
        return vfio_outcome(container.error());
    }
    std::vector<os::UniqueFd> groups;
    for (const std::string& name : groups_of(functions)) {
        auto group = os::open_group(hands.vfio(), name);
        if (!group) {
            return vfio_outcome(group.error());
        }
        groups.push_back(std::move(*group));
        if (auto joined = os::join_container(hands.vfio(), groups.back(), *container); !joined) {
            return vfio_outcome(joined.error());
        }
        if (groups.size() == 1) {
            if (auto set = os::set_iommu(hands.vfio(), *container); !set) {
                return vfio_outcome(set.error());
            }
        }
    }
    // The first function is in the first group.
    const auto device = os::open_device(hands.vfio(), groups.front(), functions.front().address);
    if (!device) {
        return vfio_outcome(device.error());
    }
    return compare_and_reset(hands, functions, *device, groups);
}

/// Refused says that nothing was touched, and these functions were taken from their drivers.
event::Outcome never_refused(event::Outcome outcome) {
    if (outcome.kind == event::OutcomeKind::Refused) {
        outcome.kind = event::OutcomeKind::Failed;
    }
    return outcome;
}

/// What a worker that was killed had given away.
event::Outcome take_back_what_is_left(const Hands& hands, const pci::Address& port) {
    const auto closed = hands.record().load();
    if (!closed) {
        return outcome_of(closed.error());
    }
    std::vector<os::Gate> left = closed->gates;
    std::erase_if(left, [&](const os::Gate& gate) {
        const auto* const driver = std::get_if<os::DriverGate>(&gate);
        return driver == nullptr || driver->port != port;
    });
    return give_back(hands, left);
}

}  // namespace

event::Outcome reset_by_vfio(const Hands& hands, const action::ResetByVfio& effect) {
    const auto port = check_port(hands, effect.port);
    if (!port) {
        return port.error();
    }
    if (event::Outcome left = take_back_what_is_left(hands, effect.port); !left.succeeded()) {
        return left;
    }
    const auto functions = prepared(hands, *port);
    if (!functions) {
        return functions.error();
    }
    std::vector<os::Gate> given;
    event::Outcome reset = done();
    for (const FunctionBelow& one : *functions) {
        const os::DriverGate gate{effect.port, one.address, one.driver};
        reset = give_to_vfio(hands, gate);
        if (!reset.succeeded()) {
            break;  // this one was taken back already
        }
        given.emplace_back(gate);
    }
    if (reset.succeeded()) {
        reset = open_and_reset(hands, *functions);
    }
    const event::Outcome back = give_back(hands, given);
    // The reset's own end comes first; a gate that is still closed is in the record, and is opened
    // later.
    return reset.succeeded() && !back.succeeded()
               ? failed("the reset is done, but not everything is back: " + back.context,
                        back.os_errno)
               : never_refused(std::move(reset));
}

}  // namespace slotd::executor
