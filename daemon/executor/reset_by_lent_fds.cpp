#include "daemon/executor/reset_by_lent_fds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "daemon/executor/below_port.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/hot_reset.hpp"
#include "daemon/executor/lent_fd.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

using Functions = std::vector<FunctionBelow>;

std::optional<std::string> objection(const FunctionBelow& one) {
    if (one.bridge) {
        return one.address.to_string() + " is a bridge, which VFIO cannot reset";
    }
    if (!one.given_to_vfio) {
        return fmt::format("{} has {} and not vfio-pci: bind it before its slot is lent",
                           one.address.to_string(),
                           one.driver.driver.empty() ? "no driver" : "driver " + one.driver.driver);
    }
    return std::nullopt;
}

/// The groups of the functions and those that were lent are the same, each once.
std::optional<std::string> objection(const Functions& functions,
                                     const std::vector<std::string>& groups,
                                     const pci::Address& port) {
    for (const FunctionBelow& one : functions) {
        if (std::ranges::find(groups, one.group) == groups.end()) {
            return fmt::format("group {} of {} is not among what was lent", one.group,
                               one.address.to_string());
        }
    }
    for (std::size_t index = 0; index < groups.size(); ++index) {
        if (std::ranges::count(groups, groups[index]) != 1) {
            return "group " + groups[index] + " was lent twice";
        }
        if (std::ranges::find(functions, groups[index], &FunctionBelow::group) == functions.end()) {
            return fmt::format("group {} was lent, and nothing below {} is in it", groups[index],
                               port.to_string());
        }
    }
    return std::nullopt;
}

event::Outcome reset_by_groups(const Hands& hands, const Functions& functions,
                               const std::vector<std::string>& groups,
                               const std::vector<os::UniqueFd>& lent) {
    const FunctionBelow& first = functions.front();
    const auto group = std::ranges::find(groups, first.group) - groups.begin();
    const auto device =
        os::open_device(hands.vfio(), lent[static_cast<std::size_t>(group)], first.address);
    if (!device) {
        return vfio_outcome(device.error());
    }
    return compare_and_reset(hands, functions, *device, lent);
}

}  // namespace

event::Outcome reset_by_lent_fds(const Hands& hands, const action::ResetByLentFds& effect,
                                 std::vector<os::UniqueFd> lent) {
    const std::vector<os::UniqueFd> held = std::move(lent);
    const auto port = check_port(hands, effect.port);
    if (!port) {
        return port.error();
    }
    const auto functions = functions_below(*port);
    if (!functions) {
        return outcome_of(functions.error());
    }
    if (functions->empty()) {
        return gone("nothing is below " + effect.port.to_string());
    }
    for (const FunctionBelow& one : *functions) {
        if (const auto against = objection(one)) {
            return refused(*against);
        }
    }
    std::vector<std::string> groups;
    for (std::size_t index = 0; index < held.size(); ++index) {
        const auto what = identify(hands, held[index]);
        if (!what) {
            return refused(
                fmt::format("descriptor {} of {} is neither a VFIO group nor a function "
                            "opened by its own node",
                            index + 1, held.size()));
        }
        if (const auto* const group = std::get_if<LentGroup>(&*what)) {
            groups.push_back(group->group);
            continue;
        }
        const pci::Address function = std::get<LentFunction>(*what).function;
        if (held.size() != 1) {
            return refused(
                "with a function opened by its own node nothing else is lent: its owner "
                "has to own the others too");
        }
        if (std::ranges::find(*functions, function, &FunctionBelow::address) == functions->end()) {
            return refused(function.to_string() + " was lent, and is not below " +
                           effect.port.to_string());
        }
        return compare_and_reset(hands, *functions, held.front(), {});
    }
    if (const auto against = objection(*functions, groups, effect.port)) {
        return refused(*against);
    }
    return reset_by_groups(hands, *functions, groups, held);
}

}  // namespace slotd::executor
