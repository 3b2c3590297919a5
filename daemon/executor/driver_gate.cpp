#include "daemon/executor/driver_gate.hpp"

#include <cerrno>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "daemon/executor/function_driver.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "event/outcome.hpp"
#include "os/driver_note.hpp"
#include "os/gate.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

namespace {

/// Unbinding while somebody has the function open blocks until that ends (KERNEL 4.3). A group is
/// opened once at a time, so while it is ours it is nobody's, and nobody's it stays.
event::Outcome unbind_unused(const Hands& hands, const os::SysfsDir& function,
                             const os::DriverGate& gate) {
    const std::string name = gate.function.to_string();
    const std::string group = function.link_name("iommu_group").value_or("");
    const int opened = hands.vfio().open(group);
    if (opened < 0) {
        return failed(opened == -EBUSY
                          ? name +
                                " is in use through VFIO: it goes back to its driver when that "
                                "process has ended"
                          : "open VFIO group " + group + " to see that nobody uses " + name,
                      -opened);
    }
    const os::UniqueFd held{opened};
    if (auto unbound = unbind_driver(hands, function, gate.function); !unbound) {
        return failed(unbound.error().context, unbound.error().os_errno);
    }
    return done();
}

std::string has_by_now(const os::DriverGate& gate, const std::string& what,
                       const std::string& name) {
    return gate.function.to_string() + " has " + what + " " + (name.empty() ? "none" : name) +
           " by now";
}

}  // namespace

event::Outcome give_to_vfio(const Hands& hands, const os::DriverGate& gate) {
    const auto function = hands.device_dir(gate.function);
    if (!function) {
        return outcome_of(function.error());
    }
    return close_gate(hands, gate, [&]() -> Status {
        if (auto set = set_override(hands, *function, kVfioPci); !set) {
            return set;
        }
        if (auto unbound = unbind_driver(hands, *function, gate.function); !unbound) {
            return unbound;
        }
        return bind_driver(hands, *function, gate.function, kVfioPci);
    });
}

event::Outcome restore_driver(const Hands& hands, const os::DriverGate& gate) {
    const auto function = hands.device_dir(gate.function);
    if (!function) {
        return outcome_of(function.error());
    }
    const os::DriverNote now = read_driver(*function);
    if (now == gate.before) {
        return already_so(gate.function.to_string() + " has its driver");
    }
    const bool override_is_ours = now.driver_override == kVfioPci;
    if (!override_is_ours && now.driver_override != gate.before.driver_override) {
        return gone(has_by_now(gate, "driver_override", now.driver_override));
    }
    // The override may be back while vfio-pci is bound: a worker that outlived slotd-exec was
    // binding it just then.
    if (now.driver == kVfioPci) {
        if (event::Outcome unbound = unbind_unused(hands, *function, gate); !unbound.succeeded()) {
            return unbound;
        }
    } else if (!now.driver.empty() && now.driver != gate.before.driver) {
        return gone(has_by_now(gate, "driver", now.driver));
    }
    if (override_is_ours) {
        if (auto set = set_override(hands, *function, gate.before.driver_override); !set) {
            return outcome_of(set.error());
        }
    }
    if (now.driver != gate.before.driver && !gate.before.driver.empty()) {
        if (auto bound = bind_driver(hands, *function, gate.function, gate.before.driver); !bound) {
            const bool unloaded = bound.error().os_errno == ENOENT;
            return unloaded ? gone(gate.before.driver + " is not loaded any more, " +
                                   gate.function.to_string() + " stays without driver")
                            : failed(bound.error().context, bound.error().os_errno);
        }
    }
    return done();
}

}  // namespace slotd::executor
