#include "daemon/executor/gate_opener.hpp"

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/overloaded.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/crew.hpp"
#include "daemon/executor/job.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "pci/service.hpp"

namespace slotd::executor {

namespace {

/// What binds drivers, makes virtual functions or powers a slot takes locks of the whole machine.
bool is_machine_wide(const os::Gate& gate) {
    return std::visit(
        Overloaded{
            [](const OneOf<os::ServiceGate, os::DriverGate, os::VfsGate, os::PowerGate> auto&) {
                return true;
            },
            [](const OneOf<os::FenceGate, os::HotplugGate, os::ResetMethodGate> auto&) {
                return false;
            },
        },
        gate);
}

bool recovers(const os::Gate& gate) {
    const auto* const service = std::get_if<os::ServiceGate>(&gate);
    return service != nullptr && service->service != pci::Service::Pciehp;
}

/// Two gates that are opened one after the other.
bool in_order(const os::Gate& one, const os::Gate& other) {
    return os::subject(one) == os::subject(other) ||
           (is_machine_wide(one) && is_machine_wide(other));
}

}  // namespace

GateOpener::GateOpener(std::vector<os::Gate> closed, std::uint64_t first_ticket) {
    for (os::Gate& gate : std::views::reverse(closed)) {
        waiting_.push_back({first_ticket++, std::move(gate)});
    }
    // What recovers begins only where pciehp is back: binding it meanwhile can deadlock.
    std::ranges::stable_partition(waiting_,
                                  [](const Ticketed& one) { return !recovers(one.gate); });
}

bool GateOpener::may_start(const os::Gate& gate, const std::vector<os::Gate>& before,
                           const Crew& crew) const {
    const auto first = [&](const os::Gate& other) { return in_order(gate, other); };
    return std::ranges::none_of(before, first) &&
           std::ranges::none_of(running_, first, &Ticketed::gate) &&
           !crew.busy_with(os::subject(gate));
}

void GateOpener::start_some(Crew& crew, Instant now) {
    std::vector<os::Gate> before;
    std::vector<Ticketed> still_waiting;
    for (Ticketed& next : waiting_) {
        if (!may_start(next.gate, before, crew)) {
            before.push_back(next.gate);
            still_waiting.push_back(std::move(next));
            continue;
        }
        if (auto started = crew.start(next.ticket, Job{next.gate}, now); !started) {
            failed_.push_back(os::name_of(next.gate) + ": " + started.error().context);
            continue;
        }
        running_.push_back(std::move(next));
    }
    waiting_ = std::move(still_waiting);
}

bool GateOpener::take(const JobEnded& ended) {
    const auto mine = std::ranges::find(running_, ended.ticket, &Ticketed::ticket);
    if (mine == running_.end()) {
        return false;
    }
    const std::string name = os::name_of(mine->gate);
    if (ended.outcome.succeeded()) {
        opened_.push_back(name);
    } else if (ended.outcome.kind == event::OutcomeKind::Gone) {
        gone_.push_back(name + ": " + ended.outcome.to_string());
    } else {
        failed_.push_back(name + ": " + ended.outcome.to_string());
    }
    running_.erase(mine);
    return true;
}

}  // namespace slotd::executor
