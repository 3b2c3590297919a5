#pragma once

#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/card.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/slot.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

/// Which effects, in which order: the arbitration levels of DESIGN 5 written down. Every script
/// ends with something that is waited for; none is empty.

/// Closes the gates that the level wants around this operation, then looks.
std::vector<action::Effect> closing_script(const Slot& slot, const Operation& operation);

/// The current step of the ladder.
std::vector<action::Effect> rung_script(const Slot& slot, const Operation& operation);

/// Hands a held-back change to pciehp.
std::vector<action::Effect> replay_script(const Slot& slot, CardChange change);

/// Brings every gate to where the level has it at rest, then looks.
std::vector<action::Effect> opening_script(const Slot& slot, action::Latched latched);

/// What holds pciehp back while the kernel recovers; empty where the level or the port has nothing.
std::vector<action::Effect> recovery_hold_script(const Slot& slot);

/// What holds AER back while the slot hot-plugs; empty as above.
std::vector<action::Effect> hotplug_hold_script(const Slot& slot);
/// pciehp hears again of what happens in the slot.
std::vector<action::Effect> hearing_script(const Slot& slot);

/// Level exclusive: pciehp of this port or below is still in the kernel's hands.
bool token_missing(const Slot& slot);
/// Level exclusive: the slot has closed gates of the whole AER domain.
bool shares_gates(const Slot& slot);

/// The question that the ladder is chosen by.
policy::LadderQuestion ladder_question(const Slot& slot);

/// The ladder of a request, with what was skipped and why.
policy::Ladder ladder_of(const Slot& slot, const event::ResetRequested& request);

/// The operation that a request would be; nullopt where no step can help.
std::optional<Operation> requested_operation(const Slot& slot,
                                             const event::ResetRequested& request);

/// What a request would do now, one sentence a line.
std::vector<std::string> describe(const Slot& slot, const event::ResetRequested& request);

}  // namespace slotd::coordinator
