#pragma once

#include <optional>
#include <string>

#include "action/effect.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"

namespace slotd::coordinator {

/// The ways between phases that several phases share. Each takes the draft to its next phase.

/// Looks afresh at everything.
void resync(Draft& draft, const std::string& why);

/// The kernel recovers: holds pciehp back as the level says. `ended` reports may come without a
/// BEGIN.
void kernel_recovers(Draft& draft, const event::RecoveryReported& reported);
/// ras:aer_event announced an uncorrectable error; a recovery may follow. A corrected one changes
/// nothing.
void kernel_announces(Draft& draft, const event::ErrorReported& error);
/// pciehp or somebody else adds or removes functions: holds AER back as the level says.
void kernel_hotplugs(Draft& draft, const std::string& why);

/// Asks for the turn of an own operation.
void begin_operation(Draft& draft, Operation operation, const std::string& why);
/// A manual request meets a slot at rest: begins, or refuses with the reason.
void begin_manual(Draft& draft, const event::ResetRequested& request, bool frozen);
/// A manual request meets a slot that is busy: waits, or is refused when too many wait.
void queue_manual(Draft& draft, const event::ResetRequested& request);
/// The kernel acts on a slot whose operation has touched nothing but gates: the kernel goes first,
/// the operation yields. A corrected error, or a driver that comes or goes, is no reason to.
void give_way(Draft& draft, const Operation& operation, const event::RecoveryReported& reported);
void give_way(Draft& draft, const Operation& operation, const event::ErrorReported& error);
void give_way(Draft& draft, const Operation& operation, const event::HotplugSeen& seen);
void give_way(Draft& draft, const Operation& operation, const event::HotplugAnnounced& announced);

/// The kernel gave up, or the card does not verify: the ladder, or a line that says what would be
/// done.
void bring_back(Draft& draft, const std::string& why, bool answers, bool frozen);

/// The current rung did not do: the next one, or the end.
void next_rung(Draft& draft, Operation operation, const std::string& why);

/// Opens the gates; `verdict` decides what follows.
void open_gates(Draft& draft, std::optional<Operation> operation, Verdict verdict,
                action::Latched latched = action::Latched::Forget);

/// Everything is open again: answers, closes the incident, rests.
void conclude(Draft& draft, const std::optional<Operation>& operation, const Verdict& verdict,
              const std::optional<event::Observation>& seen);

/// At rest: takes the token if it is missing, then the next waiting request, else stays.
void take_up_work(Draft& draft);
/// Begins the first waiting request that is not refused.
void take_next_request(Draft& draft);

/// A kernel call passed its deadline.
void become_wedged(Draft& draft, const action::Effect& effect);

}  // namespace slotd::coordinator
