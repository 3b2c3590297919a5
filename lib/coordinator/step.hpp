#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

/// What the shell is asked to do; their ends come back as events.
struct StartEffect {
    event::EffectId id = 0;
    action::Effect effect;
    bool operator==(const StartEffect&) const = default;
};

/// Ends with TurnGranted or TurnRefused.
struct AskTurn {
    bool first = false;  ///< before whoever waits already: the token, which the others wait for
    bool operator==(const AskTurn&) const = default;
};

/// Gives back a turn, or takes back the question for one.
struct ReleaseTurn {
    bool operator==(const ReleaseTurn&) const = default;
};

/// Ends with AttemptReserved, AttemptRefused or HistoryFailed. No step of a ladder starts before. A
/// manual attempt is remembered but not limited.
struct Reserve {
    history::AttemptReserved entry;
    bool operator==(const Reserve&) const = default;
};

/// For the history. With a ticket its end is waited for; only the coordinator gives tickets.
struct Remember {
    history::Entry entry;
    std::optional<history::Ticket> ticket = {};
    bool operator==(const Remember&) const = default;
};

struct Tell {
    action::Record record;
    bool operator==(const Tell&) const = default;
};

/// The end of what somebody asked for.
struct Answer {
    event::RequestId request = 0;
    bool succeeded = false;
    /// "recovered", "degraded", "refused", "in-use", "failed", "wedged", "unknown", "held",
    /// "released"
    std::string outcome;
    std::string text;
    bool operator==(const Answer&) const = default;
};

using Action = std::variant<StartEffect, AskTurn, ReleaseTurn, Reserve, Remember, Tell, Answer>;

/// What follows from one event: the slot as it is then, and what is to be done.
/// A destructive effect is only ever started from a slot whose attempt was reserved (Reserving is
/// the only way into Draining for Recover and Manual).
struct Step {
    Slot slot;
    std::vector<Action> actions;
    bool operator==(const Step&) const = default;
};

/// Pure: no clock, no file, no log. Decides for every (phase, event) pair. The slot comes by value,
/// here and below: who has no more use for the one before gives it, and nothing is copied.
Step step(Slot slot, const SlotEvent& event, Instant now, const policy::Limits& limits);

/// An effect that was started has ended; turns it into WorkDone, WorkFailed, WorkerReturned or the
/// next effect of the script. A stale or unknown id changes nothing.
Step finish_effect(Slot slot, event::EffectId id, const event::Outcome& outcome, Instant now,
                   const policy::Limits& limits);

/// The first step in a slot's life: look.
Step begin(Slot slot, Instant now, const policy::Limits& limits);

}  // namespace slotd::coordinator
