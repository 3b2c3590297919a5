#include "coordinator/hearing.hpp"

#include <algorithm>
#include <variant>

#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "event/kernel_event.hpp"
#include "pci/service.hpp"
#include "policy/ladder.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

namespace {

/// pciehp, or remove and rescan, do what we asked for.
bool ours(const Slot& slot) {
    const Operation* const operation = operation_of(slot.phase);
    const bool waits = std::holds_alternative<Waiting>(slot.phase) ||
                       std::holds_alternative<Surveying>(slot.phase) ||
                       std::holds_alternative<Reserving>(slot.phase) ||
                       std::holds_alternative<Draining>(slot.phase);
    if (operation == nullptr) {
        return std::holds_alternative<CoolingDown>(slot.phase);
    }
    // A step that waits for the machine, or was refused, has not begun: what comes or goes is not
    // its doing.
    const bool queued = slot.in_flight && slot.in_flight->waits && !operation->touched;
    if (waits || queued) {
        return false;
    }
    const bool begun = operation->touched || std::holds_alternative<Resetting>(slot.phase);
    return operation->purpose == Purpose::Replay || operation->purpose == Purpose::TakeToken ||
           (begun && !operation->rungs.empty() &&
            operation->rungs.front() == policy::Rung::Reenumerate);
}

bool errors_drained(const SlotFacts& facts) {
    return !facts.error_services.empty() &&
           std::ranges::none_of(facts.error_services, &ServiceAt::bound);
}

/// Of a slot without pciehp nobody can tell.
bool hotplug_drained(const SlotFacts& facts) {
    const auto own = std::ranges::find(facts.hotplug_services, facts.port, &ServiceAt::port);
    return own != facts.hotplug_services.end() && !own->bound;
}

void hear_recovery(KernelHeard& heard, const event::RecoveryReported& reported, Instant now,
                   const policy::Limits& limits) {
    std::erase(heard.unfinished, reported.function);
    switch (reported.report) {
        case event::RecoveryReport::Began:
            heard.unfinished.push_back(reported.function);
            std::ranges::sort(heard.unfinished);
            heard.recovery_until = now + limits.kernel_recovery;
            return;
        case event::RecoveryReport::Failed:
            // A failed function fails the whole recovery (kernel err.c): the others end with it.
            heard.unfinished.clear();
            return;
        case event::RecoveryReport::Succeeded:
            return;
    }
}

}  // namespace

void forget_what_has_drained(Slot& slot, Instant now) {
    if (errors_drained(slot.facts)) {
        slot.heard.unfinished.clear();
    }
    if (hotplug_drained(slot.facts)) {
        slot.heard.hotplug_until = std::min(slot.heard.hotplug_until, now);
    }
}

void hear(Slot& slot, const SlotEvent& event, Instant now, const policy::Limits& limits) {
    const auto hotplug = [&] {
        if (!ours(slot) && !hotplug_drained(slot.facts)) {
            slot.heard.hotplug_until = now + limits.hotplug_quiet;
        }
    };
    std::visit(Overloaded{
                   [&](const event::RecoveryReported& reported) {
                       if (!errors_drained(slot.facts)) {
                           hear_recovery(slot.heard, reported, now, limits);
                       }
                   },
                   [&](const event::HotplugSeen& seen) {
                       if (seen.kind == event::HotplugKind::Added ||
                           seen.kind == event::HotplugKind::Removed) {
                           hotplug();
                       }
                       slot.heard.removed |= seen.kind == event::HotplugKind::Removed;
                   },
                   [&](const event::HotplugAnnounced&) { hotplug(); },
                   [&](const event::EventsMissed&) {
                       // The end may be among what was lost, and a removal, by pciehp where it is
                       // bound.
                       slot.heard.removed |=
                           !slot.closed.contains_service(slot.facts.port, pci::Service::Pciehp);
                       slot.heard.recovery_until =
                           std::min(slot.heard.recovery_until, now + limits.announced_only);
                   },
                   [](const auto&) {},
               },
               event);
}

}  // namespace slotd::coordinator
