#include "daemon/executor/hot_reset.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "daemon/executor/below_port.hpp"
#include "daemon/executor/function_driver.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "event/outcome.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio.hpp"
#include "os/vfio_abi.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

/// EINVAL of the reset has several causes, and the drivers tell one of them.
event::Outcome explain(const event::Outcome& outcome, const std::vector<FunctionBelow>& functions) {
    for (const FunctionBelow& one : functions) {
        if (outcome.os_errno == EINVAL && !is_given_to_vfio(one.dir)) {
            const std::string driver = read_driver(one.dir).driver;
            return refused("hot reset by VFIO: " + one.address.to_string() + " has " +
                               (driver.empty() ? "no driver" : "driver " + driver) +
                               "; bind it to vfio-pci",
                           EINVAL);
        }
    }
    return outcome;
}

/// Its list has 16 bits for a domain; those of a VMD controller have more.
pci::Address as_vfio_has_it(const FunctionBelow& one) {
    pci::Address address = one.address;
    address.domain &= 0xffff;
    return address;
}

/// nullopt where the caller owns every function of the list.
std::optional<std::string> not_owned(const os::HotResetInfo& info) {
    if (!info.by_device_id) {
        return std::nullopt;
    }
    for (const os::Affected& one : info.functions) {
        if (one.owner == os::vfio_abi::kDevIdNotOwned) {
            return one.function.to_string() + " belongs to another owner than the lent descriptor";
        }
    }
    if (!info.all_owned) {
        return "the owner of the lent descriptor does not own all functions of the reset";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> mismatch(const std::vector<FunctionBelow>& functions,
                                    const os::HotResetInfo& info) {
    for (const os::Affected& one : info.functions) {
        if (std::ranges::find(functions, one.function, as_vfio_has_it) == functions.end()) {
            return "the reset would hit " + one.function.to_string() + " too";
        }
    }
    for (const FunctionBelow& one : functions) {
        if (std::ranges::find(info.functions, as_vfio_has_it(one), &os::Affected::function) ==
            info.functions.end()) {
            return "the reset would not reach " + one.address.to_string();
        }
    }
    return std::nullopt;
}

event::Outcome vfio_outcome(const Error& error) {
    return error.kind == ErrorKind::Unsupported ? refused(error.context, error.os_errno)
                                                : failed(error.context, error.os_errno);
}

event::Outcome compare_and_reset(const Hands& hands, const std::vector<FunctionBelow>& functions,
                                 const os::UniqueFd& device,
                                 const std::vector<os::UniqueFd>& groups) {
    const auto info = os::hot_reset_info(hands.vfio(), device);
    if (!info) {
        return vfio_outcome(info.error());
    }
    if (const auto other = mismatch(functions, *info)) {
        return refused(*other);
    }
    if (const auto foreign = not_owned(*info)) {
        return refused(*foreign);
    }
    if (hands.called_off()) {
        return came_back_late("hot reset by VFIO");
    }
    hands.crash_point("before VFIO reset");
    const Status reset = os::hot_reset(hands.vfio(), device, groups);
    hands.crash_point("after VFIO reset");
    return reset ? done() : explain(vfio_outcome(reset.error()), functions);
}

}  // namespace slotd::executor
