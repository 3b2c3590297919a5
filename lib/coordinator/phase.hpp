#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "coordinator/operation.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"

namespace slotd::coordinator {

/// A slot is in exactly one phase, which carries only what is true in it, its deadline included.
/// Nothing is known for sure: the slot is being looked at afresh.
struct Resyncing {
    Instant retry_at;
    std::string ill = {};  ///< why the slot was not well before; empty if it was, or nobody knows
    bool frozen = false;
    bool operator==(const Resyncing&) const = default;
};

/// At rest, verified. At level exclusive presence and link are sampled.
struct Idle {
    Instant next_look = kNever;
    std::optional<Instant> changed_since;  ///< a sample differed from the known card since then
    bool operator==(const Idle&) const = default;
};

/// At rest, but not well: nothing more is done without an operator.
struct NeedsOperator {
    std::string reason;
    bool frozen = false;  ///< only re-enumeration helps
    Instant next_look = kNever;
    std::optional<Instant> changed_since;
    bool operator==(const NeedsOperator&) const = default;
};

/// At rest, set aside: no automatic action until released; an operator may still ask for a reset.
struct Quarantined {
    std::string reason;
    bool frozen = false;
    Instant next_look = kNever;
    std::optional<Instant> changed_since;
    bool operator==(const Quarantined&) const = default;
};

/// At rest, in an operator's hands: every gate is open, nothing is looked at or touched.
struct Held {
    Instant until = kNever;
    std::string by;
    std::string reason;
    std::string ill;  ///< why the card was not well when it was held; empty if it was
    bool frozen = false;
    bool operator==(const Held&) const = default;
};

/// AER or DPC works on the slot: hands off.
struct KernelRecovering {
    std::vector<pci::Address> unfinished;          ///< BEGIN seen, no end yet; by address
    std::optional<event::RecoveryReport> verdict;  ///< of those that ended: Failed wins
    std::optional<event::Severity> announced;  ///< worst that ras:aer_event said; nullopt: nothing
    bool removed = false;                      ///< pciehp removed functions meanwhile
    Instant decide_at;  ///< quiet time after the last end, or the kernel's deadline
    bool operator==(const KernelRecovering&) const = default;
};

/// pciehp, or somebody through sysfs, adds or removes functions: hands off.
struct KernelHotplugging {
    Instant quiet_at;  ///< over if nothing more happens until then
    Instant give_up_at;
    bool operator==(const KernelHotplugging&) const = default;
};

/// The operation has asked for its turn.
struct Waiting {
    Operation operation;
    Instant give_up_at;
    bool operator==(const Waiting&) const = default;
};

/// The turn is there; who uses what the step would disturb is being read, then the hooks are asked.
struct Surveying {
    Operation operation;
    bool surveyed = false;  ///< the hooks are being asked
    bool operator==(const Surveying&) const = default;
};

/// The attempt is being written to the history before anything is touched.
struct Reserving {
    Operation operation;
    Instant give_up_at;
    bool operator==(const Reserving&) const = default;
};

/// Gates are being closed; ends with a fresh look.
struct Draining {
    Operation operation;
    bool operator==(const Draining&) const = default;
};

/// A step of the ladder runs.
struct Resetting {
    Operation operation;
    bool operator==(const Resetting&) const = default;
};

/// A held-back hot-plug is being handed to pciehp.
struct Replaying {
    Operation operation;
    bool operator==(const Replaying&) const = default;
};

struct KernelRecovered {
    event::RecoveryReport verdict = event::RecoveryReport::Succeeded;
    bool silent = false;  ///< no end was reported in time
    bool operator==(const KernelRecovered&) const = default;
};

struct KernelHotplugged {
    bool operator==(const KernelHotplugged&) const = default;
};

/// What verification is about: an own operation, or what the kernel did.
using Verified = std::variant<Operation, KernelRecovered, KernelHotplugged>;

/// The slot is looked at until it is as it should be, or time is up.
struct Verifying {
    Verified subject;
    Instant give_up_at;
    Instant next_look;  ///< kNever while a look is under way
    std::optional<Instant> changed_since;
    bool last_look = false;  ///< the one under way began at `give_up_at` or later: it decides
    bool operator==(const Verifying&) const = default;
};

/// How an episode ended; decides what follows the opening of the gates.
struct Verdict {
    bool well = true;
    bool frozen = false;
    std::string text;
    bool degraded = false;     ///< well, but the link is slower or narrower than it was
    bool ambiguous = false;    ///< what was done is unknown
    std::string refused = {};  ///< nothing was touched: what to answer, "in-use"; empty otherwise
    bool handed_over = false;  ///< the card has changed: hot-plug's, or replayed from rest
    bool operator==(const Verdict&) const = default;
};

/// Gates go to the position that the level has at rest.
struct Opening {
    std::optional<Operation> operation;
    Verdict verdict;
    std::uint8_t lost_workers = 0;  ///< opening a gate again does no harm, and is tried a few times
    bool operator==(const Opening&) const = default;
};

/// The gates are open, the card looks well; it has recovered once its AER counters stayed quiet.
struct Soaking {
    Operation operation;
    Verdict verdict;
    Instant until;
    std::vector<event::FunctionSeen> before;  ///< counters to compare with
    bool operator==(const Soaking&) const = default;
};

/// Done; late uevents of the own operation still belong to it.
struct CoolingDown {
    Instant until;
    bool operator==(const CoolingDown&) const = default;
};

/// A kernel call passed its deadline; its worker is stuck, and with it this slot.
struct Wedged {
    std::optional<Operation> operation;
    std::string effect;
    bool operator==(const Wedged&) const = default;
};

using SlotPhase =
    std::variant<Resyncing, Idle, NeedsOperator, Quarantined, Held, KernelRecovering,
                 KernelHotplugging, Waiting, Surveying, Reserving, Draining, Resetting, Replaying,
                 Verifying, Opening, Soaking, CoolingDown, Wedged>;

const char* name_of(const SlotPhase& phase);  ///< "kernel-recovering": as in JSON and SLOTD_PHASE
/// When the phase wants a DeadlinePassed; kNever if only an event moves it.
Instant deadline_of(const SlotPhase& phase);
std::string reason_of(const SlotPhase& phase);
/// The kernel works on the slot, as far as we have been told.
bool kernel_active(const SlotPhase& phase);
/// At rest with functions that only re-enumeration makes usable again.
bool frozen_at_rest(const SlotPhase& phase);
/// The operation that is under way or waiting; nullptr for none.
const Operation* operation_of(const SlotPhase& phase);

}  // namespace slotd::coordinator
