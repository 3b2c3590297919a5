#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "action/effect.hpp"
#include "base/boxed.hpp"
#include "coordinator/slot.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "event/usage.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::coordinator {

/// The slot's script is through; `observation` is that of its last effect, if that was a look.
struct WorkDone {
    std::optional<event::Observation> observation;
    std::optional<event::Usage> usage = {};  ///< that of its last effect, if that was a survey
    bool operator==(const WorkDone&) const = default;
};

/// One effect of the script did not work; the rest of the script has not been started.
struct WorkFailed {
    action::Effect effect;
    event::Outcome outcome;
    bool operator==(const WorkFailed&) const = default;
};

/// A worker that had been called wedged came back after all.
struct WorkerReturned {
    event::Outcome outcome;
    bool operator==(const WorkerReturned&) const = default;
};

/// slotd-exec was started anew and has opened every gate.
struct ExecutorRestarted {
    bool operator==(const ExecutorRestarted&) const = default;
};

/// No other operation overlaps, and the kernel is quiet in the domain.
struct TurnGranted {
    bool operator==(const TurnGranted&) const = default;
};

/// The turn cannot come: an overlapping slot is wedged. To a slot that has its turn and has not
/// acted yet: it is called back, the kernel has gone to work on an overlapping slot.
struct TurnRefused {
    std::string reason;
    bool operator==(const TurnRefused&) const = default;
};

struct AttemptReserved {
    std::uint32_t attempt = 0;
    std::uint64_t incident = 0;  ///< it was reserved in
    bool operator==(const AttemptReserved&) const = default;
};

struct AttemptRefused {
    std::uint32_t attempt = 0;
    std::string reason;  ///< "5 attempts within the last hour"
    bool operator==(const AttemptRefused&) const = default;
};

/// The history cannot remember the attempt: it is not writable, or did not answer in time.
struct HistoryFailed {
    std::uint32_t attempt = 0;
    std::string reason;
    bool operator==(const HistoryFailed&) const = default;
};

/// What the history knows of this slot from before; comes once, some time after the start.
struct Recalled {
    Boxed<Hold> hold;
    Boxed<std::string> quarantine;
    Boxed<Unsettled> unsettled;
    std::uint64_t incident = 0;  ///< the one that `unsettled` is of
    bool operator==(const Recalled&) const = default;
};

/// The configuration of this slot is another from now on, or other rules fit it; Slot::facts has
/// the old one still.
struct Reconfigured {
    policy::SlotPolicy policy;
    bool operator==(const Reconfigured&) const = default;
};

/// Topology or services changed; Slot::facts are new already.
struct FactsChanged {
    bool operator==(const FactsChanged&) const = default;
};

struct DeadlinePassed {
    bool operator==(const DeadlinePassed&) const = default;
};

/// What a slot can be told. Kernel events arrive here only for slots that they concern.
using SlotEvent = std::variant<event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                               event::HotplugAnnounced, event::DeviceWedged, event::EventsMissed,
                               FactsChanged, event::ResetRequested, event::HoldRequested,
                               event::ReleaseRequested, TurnGranted, TurnRefused, AttemptReserved,
                               AttemptRefused, HistoryFailed, Recalled, Reconfigured, WorkDone,
                               WorkFailed, WorkerReturned, ExecutorRestarted, DeadlinePassed>;

}  // namespace slotd::coordinator
