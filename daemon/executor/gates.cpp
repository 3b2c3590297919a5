#include "daemon/executor/gates.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/result.hpp"
#include "daemon/executor/driver_gate.hpp"
#include "daemon/executor/enumeration.hpp"
#include "daemon/executor/fence.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/hotplug_mask.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/reset_function.hpp"
#include "daemon/executor/say.hpp"
#include "daemon/executor/service_binding.hpp"
#include "daemon/executor/virtual_functions.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

namespace {

/// Opens a gate whose closing did not come to its end.
event::Outcome undo(const Hands& hands, const os::Gate& gate, event::Outcome why) {
    const auto original = recorded(hands, gate);
    // Where somebody has opened it meanwhile and the write went through after that, what was read
    // before the write is the original.
    const event::Outcome opened =
        open_gate(hands, original && *original ? **original : gate, action::Latched::Deliver);
    if (!opened.succeeded() && opened.kind != event::OutcomeKind::Gone) {
        say(action::Priority::Error,
            os::name_of(gate) +
                " was left closed and stays in the gate record: " + opened.to_string());
    }
    return why;
}

/// True where there is nothing left that could be opened: no such device, or another kind of it.
bool vanished(const Hands& hands, const os::Gate& gate, const event::Outcome& opened) {
    if (opened.kind == event::OutcomeKind::Refused) {
        // With an errno it was the kernel that refused, and the gate is still there.
        return opened.os_errno == 0;
    }
    const bool has_registers = std::holds_alternative<os::FenceGate>(gate) ||
                               std::holds_alternative<os::HotplugGate>(gate);
    // A port that is enumerated but reads as all ones may answer again.
    return opened.kind == event::OutcomeKind::Gone &&
           (!has_registers || !hands.device_dir(os::subject(gate)));
}

}  // namespace

Result<std::optional<os::Gate>> recorded(const Hands& hands, const os::Gate& named) {
    auto closed = hands.record().load();
    if (!closed) {
        return std::unexpected(std::move(closed.error()));
    }
    for (os::Gate& gate : closed->gates) {
        if (os::name_of(gate) == os::name_of(named)) {
            return std::optional(std::move(gate));
        }
    }
    return std::nullopt;
}

event::Outcome close_gate(const Hands& hands, const os::Gate& gate,
                          const std::function<Status()>& close) {
    if (hands.called_off()) {
        return came_back_late("closing " + os::name_of(gate));
    }
    if (auto noted = hands.record().note_closed(gate); !noted) {
        return refused("note in the gate record: " + noted.error().context, noted.error().os_errno);
    }
    if (hands.called_off()) {
        return undo(hands, gate, came_back_late("closing " + os::name_of(gate)));
    }
    if (auto closed = close(); !closed) {
        return undo(hands, gate, outcome_of(closed.error()));
    }
    if (hands.called_off()) {
        return undo(hands, gate, came_back_late("closing " + os::name_of(gate)));
    }
    return done();
}

event::Outcome open_gate(const Hands& hands, const os::Gate& recorded, action::Latched latched) {
    event::Outcome opened = std::visit(
        Overloaded{
            [&](const os::FenceGate& one) { return restore_fence(hands, one); },
            [&](const os::HotplugGate& one) { return restore_notification(hands, one, latched); },
            [&](const os::ServiceGate& one) { return restore_binding(hands, one); },
            [&](const os::ResetMethodGate& one) { return restore_reset_method(hands, one); },
            [&](const os::DriverGate& one) { return restore_driver(hands, one); },
            [&](const os::VfsGate& one) { return restore_noted(hands, one); },
            [&](const os::PowerGate& one) { return restore_power(hands, one); },
        },
        recorded);
    if (opened.succeeded()) {
        // Where the note fails it is opened once more later, which is harmless.
        const Status noted = hands.record().note_opened(recorded);
        return noted ? opened : outcome_of(noted.error());
    }
    if (vanished(hands, recorded, opened)) {
        say(action::Priority::Notice, os::name_of(recorded) +
                                          " leaves the gate record, nothing is "
                                          "there to open: " +
                                          opened.to_string());
        (void)hands.record().note_opened(recorded);  // where it fails, the next one says this again
        return gone(opened.context, opened.os_errno);
    }
    return opened;
}

}  // namespace slotd::executor
