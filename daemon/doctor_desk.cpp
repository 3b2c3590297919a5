#include "daemon/doctor_desk.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/coordinator.hpp"
#include "event/casebook.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "report/checkup.hpp"

namespace slotd::daemon {

namespace {

const pci::Function* function_at(const pci::Topology& topology, const pci::Address& address) {
    const pci::Port* const port = topology.port_above(address);
    if (port == nullptr) {
        return nullptr;
    }
    const auto at = std::ranges::find(port->functions, address, &pci::Function::address);
    return at != port->functions.end() ? &*at : nullptr;
}

}  // namespace

DoctorDesk::DoctorDesk(std::string sysfs, const Configuration& configuration,
                       const engine::Engine& engine, const ExecutorKeeper& keeper,
                       const Hooks& hooks)
    : sysfs_(std::move(sysfs)),
      configuration_(configuration),
      engine_(engine),
      keeper_(keeper),
      hooks_(hooks) {}

void DoctorDesk::heard(const event::KernelEvent& event) {
    if (const auto* const report = std::get_if<event::RecoveryReported>(&event)) {
        const auto* const function =
            function_at(engine_.coordinator().topology(), report->function);
        book_.heard(*report, function != nullptr ? function->driver : std::string{});
    }
}

void DoctorDesk::seen(const event::Outcome& outcome) {
    if (outcome.observation) {
        book_.seen(*outcome.observation);
    }
}

report::DaemonNotes DoctorDesk::notes() const {
    const coordinator::Coordinator& coordinator = engine_.coordinator();
    auto hooks = hooks_.names();
    report::DaemonNotes notes{
        .daemon = {.version = SLOTD_VERSION,
                   .sysfs = sysfs_,
                   .trace_problem = trace_problem_,
                   .trace_unseen = trace_unseen_,
                   .history_problem = coordinator.ledger().problem(),
                   .executor_problem = keeper_.problem(),
                   .executor_deaths = keeper_.deaths(),
                   .hooks = {},
                   .hooks_problem = {},
                   .automatic_action = configuration_.in_force().policy.defaults.automatic_action,
                   .recoveries = book_.recoveries()},
        .slots = {}};
    if (hooks) {
        notes.daemon.hooks = std::move(*hooks);
    } else {
        notes.daemon.hooks_problem = hooks.error().message();
    }
    const auto unasked = book_.unasked();
    for (const auto& [port, slot] : coordinator.slots()) {
        report::SlotNotes one{.port = port, .traits = book_.traits(port), .unasked = {}};
        for (const event::UnaskedDriver& driver : unasked) {
            const pci::Port* const above = coordinator.topology().port_above(driver.function);
            if (above != nullptr && above->address == port) {
                one.unasked.push_back(driver);
            }
        }
        notes.slots.push_back(std::move(one));
    }
    return notes;
}

}  // namespace slotd::daemon
