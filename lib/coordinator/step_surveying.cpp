#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/in_use.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "coordinator/steps.hpp"
#include "coordinator/transitions.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "event/usage.hpp"
#include "history/entry.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

namespace {

using action::Priority;
using action::RecordKind;

bool forced(const Operation& operation) {
    return operation.request && operation.request->force;
}

void reserve(Draft& draft, Operation operation) {
    history::AttemptReserved entry;
    entry.port = draft.slot.facts.port;
    entry.root_port = draft.slot.facts.root_port;
    entry.incident = draft.slot.incident ? draft.slot.incident->id : 0;
    entry.attempt = operation.attempt;
    entry.step = to_text(operation.rungs.front());
    entry.automatic = operation.purpose == Purpose::Recover;
    entry.asked_by = operation.request ? operation.request->requester.to_string() : "";
    draft.enter(Reserving{std::move(operation), draft.now + draft.limits.reservation},
                Priority::Debug, "nobody is in the way, the attempt is being remembered");
    draft.act(Reserve{std::move(entry)});
}

void refuse(Draft& draft, const Operation& operation, const char* outcome, const std::string& why) {
    draft.tell(
        Priority::Error, RecordKind::InUse,
        std::string(to_text(operation.rungs.front())) + " refused, nothing was touched: " + why);
    open_gates(draft, operation, refusal(operation, outcome, why));
}

/// Whoever knows better what hangs on the card may object. The survey is in.
void ask_hooks(Draft& draft, const Operation& operation) {
    if (!draft.limits.hooks) {
        reserve(draft, operation);
        return;
    }
    draft.enter(Surveying{operation, true}, Priority::Debug, "asking the hooks");
    draft.run({action::AskHooks{draft.slot.facts.port}});
}

void judge(Draft& draft, const Operation& operation, const event::Usage& usage) {
    const InUse in_use = judge_use(draft.slot, operation, usage);
    if (!in_use.never.empty()) {
        refuse(draft, operation, "in-use", in_use.never);
        return;
    }
    if (!in_use.counted.empty() && !forced(operation)) {
        refuse(draft, operation, "in-use", "in use: " + policy::list(in_use.counted));
        return;
    }
    if (!in_use.counted.empty()) {
        draft.tell(Priority::Warning, RecordKind::InUse,
                   "in use, overridden by " + operation.request->requester.to_string() + ": " +
                       policy::list(in_use.counted));
    } else if (!in_use.ignored.empty()) {
        draft.tell(Priority::Notice, RecordKind::InUse,
                   "in use, but the policy does not count it: " + policy::list(in_use.ignored));
    }
    ask_hooks(draft, operation);
}

void survey_failed(Draft& draft, const Operation& operation, const event::Outcome& outcome) {
    const std::string why = "cannot tell what is in use: " + outcome.to_string();
    if (!forced(operation)) {
        refuse(draft, operation, "refused", why);
        return;
    }
    draft.tell(Priority::Warning, RecordKind::InUse,
               why + "; overridden by " + operation.request->requester.to_string());
    ask_hooks(draft, operation);
}

}  // namespace

void step_surveying(Draft& draft, const Surveying& phase, const SlotEvent& event) {
    std::visit(
        Overloaded{
            [&](const WorkDone& done) {
                if (phase.surveyed) {
                    reserve(draft, phase.operation);
                } else if (done.usage) {
                    judge(draft, phase.operation, *done.usage);
                }
            },
            [&](const WorkFailed& failed) {
                if (phase.surveyed) {
                    refuse(draft, phase.operation, "refused", failed.outcome.to_string());
                } else {
                    survey_failed(draft, phase.operation, failed.outcome);
                }
            },
            [&](const OneOf<event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                            event::HotplugAnnounced> auto& said) {
                give_way(draft, phase.operation, said);
            },
            [&](const TurnRefused& called_back) {
                wait_again(draft, phase.operation, called_back.reason);
            },
            [&](const event::ResetRequested& request) { queue_manual(draft, request); },
            [](const OneOf<event::DeviceWedged, event::EventsMissed, FactsChanged,
                           event::HoldRequested, event::ReleaseRequested, Recalled, Reconfigured,
                           TurnGranted, AttemptReserved, AttemptRefused, HistoryFailed,
                           WorkerReturned, ExecutorRestarted, DeadlinePassed> auto&) {},
        },
        event);
}

}  // namespace slotd::coordinator
