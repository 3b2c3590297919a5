#pragma once

#include <optional>
#include <string>

#include "action/effect.hpp"
#include "coordinator/card.hpp"
#include "coordinator/draft.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_event.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/request.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::coordinator {

/// What is known of a card that does not verify; decides which steps can help.
struct Condition {
    bool answers = true;
    bool frozen = false;
    bool wiped = false;
    bool wants_driver = false;
    bool operator==(const Condition&) const = default;
};

Condition condition_of(const Card& known, const event::Observation& seen);

/// The ways between phases that several phases share. Each takes the draft to its next phase.

/// Looks afresh at everything; what was known of the card stays, to be compared with.
void resync(Draft& draft, const std::string& why, const std::string& ill = {}, bool frozen = false);

/// The kernel recovers: holds pciehp back as the level says. `ended` reports may come without a
/// BEGIN. `removed`: pciehp is at work as well, and has to hear what becomes of the slot.
void kernel_recovers(Draft& draft, const event::RecoveryReported& reported, bool removed = false);
/// ras:aer_event announced an uncorrectable error; a recovery may follow. A corrected one changes
/// nothing.
void kernel_announces(Draft& draft, const event::ErrorReported& error);
/// pciehp or somebody else adds or removes functions: holds AER back as the level says.
void kernel_hotplugs(Draft& draft, const std::string& why);

/// What was looked at is what is known of the card from now on.
void learn(Draft& draft, const event::Observation& seen);
/// What is enumerated is not what is there, though the kernel cannot tell: another card of the same
/// model, and nothing was removed since the last one was known, or nobody has set the new one up.
bool swapped_unheard(const Slot& slot, const event::Observation& seen);

/// Begins a look at a slot that is being verified. One that began in time and is answered late says
/// what was true then: slotd, or its slotd-exec, may have been stopped in between.
void look_now(Draft& draft, Verifying phase);

/// Asks for the turn of an own operation.
void begin_operation(Draft& draft, Operation operation, const std::string& why);
/// A manual request meets a slot at rest: begins, or refuses with the reason.
void begin_manual(Draft& draft, const event::ResetRequested& request);
/// A manual request meets a slot that is busy: waits, or is refused when too many wait.
void queue_manual(Draft& draft, const event::ResetRequested& request);
/// The kernel acts on a slot whose operation has touched nothing but gates: the kernel goes first,
/// the operation yields. A corrected error, or a driver that comes or goes, is no reason to.
void give_way(Draft& draft, const Operation& operation, const event::RecoveryReported& reported);
void give_way(Draft& draft, const Operation& operation, const event::ErrorReported& error);
void give_way(Draft& draft, const Operation& operation, const event::HotplugSeen& seen);
void give_way(Draft& draft, const Operation& operation, const event::HotplugAnnounced& announced);

/// The kernel has gone to work on an overlapping slot before anything but gates was touched: the
/// turn is given back and asked for again.
void wait_again(Draft& draft, Operation operation, const std::string& why);

/// The kernel gave up, or the card does not verify: the ladder, or a line that says what would be
/// done. `turn` is an operation that has its turn and goes over into the recovery.
void bring_back(Draft& draft, const std::string& why, const Condition& condition,
                const std::optional<Operation>& turn = std::nullopt);

/// The current rung of the operation is a new attempt: first who would be disturbed.
void try_rung(Draft& draft, Operation operation, action::Priority priority,
              const std::string& line);
/// No automatic action from now on until the slot is released; remembered.
void set_aside(Draft& draft, const std::string& why);

/// The current rung did not do: the next one, or the end.
void next_rung(Draft& draft, Operation operation, const std::string& why, bool untouched = false);

/// What is answered where nothing was touched: a slot that was well still is.
Verdict refusal(const Operation& operation, const char* outcome, const std::string& why);

/// Opens the gates; `verdict` decides what follows.
void open_gates(Draft& draft, std::optional<Operation> operation, Verdict verdict,
                action::Latched latched = action::Latched::Forget);

/// Everything is open again. What was brought back soaks first.
void conclude(Draft& draft, const std::optional<Operation>& operation, const Verdict& verdict,
              const std::optional<event::Observation>& seen);

/// The end of an episode: answers, closes the incident, rests.
void finish(Draft& draft, const std::optional<Operation>& operation, const Verdict& verdict,
            const std::optional<event::Observation>& seen);

/// The facts have changed at rest: opens gates that are not where the level has them at rest, such
/// as those of a slot that is gone; then takes up work.
void open_strays(Draft& draft, const Verdict& verdict);

/// At rest: takes the token if it is missing, then the next waiting request, else stays.
void take_up_work(Draft& draft);
/// Begins the first waiting request that is not refused.
void take_next_request(Draft& draft);

/// An operator holds the slot: at once where nothing was touched, otherwise at its next rest.
void hold(Draft& draft, const event::HoldRequested& request);
/// An operator lets the slot go, out of a hold and out of quarantine.
void release(Draft& draft, const event::ReleaseRequested& request);
/// What the history knew is in force again.
void recall(Draft& draft, const Recalled& recalled);
/// The time of a hold has passed, or it was released: the slot is looked at afresh.
void end_hold(Draft& draft, const Held& phase, const std::string& why);

/// The configuration has changed: all but the level is in force at once, for what has not begun.
void reconfigure(Draft& draft, const policy::SlotPolicy& policy);
/// Takes Slot::next_level up where the slot is at rest. `looked`: a look has just ended there.
/// Returns true where the gates have to follow: FactsChanged says so to the phase.
bool take_level(Draft& draft, bool looked);
/// A recovery of slotd's own accord that has touched nothing but gates ends.
void stop_recovery(Draft& draft, Operation operation, const std::string& why);
/// Why the configuration has slotd not act of its own accord here; nullopt if it may.
std::optional<std::string> why_configured_off(const Slot& slot);

/// A driver asks for its device to be recovered (DRM); only a slot at rest can do something.
void device_wedged(Draft& draft, const event::DeviceWedged& wedged);

/// A kernel call passed its deadline.
void become_wedged(Draft& draft, const action::Effect& effect);

}  // namespace slotd::coordinator
