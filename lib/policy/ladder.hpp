#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/request.hpp"

namespace slotd::policy {

/// One step that may bring a card back, or the last one, which keeps it from harm.
enum class Rung : std::uint8_t {
    FunctionReset,  ///< FLR of one function
    SlotReset,      ///< the slot's own reset, through the port's hot-plug slot
    BusReset,       ///< the function's `bus` method: through the slot where pciehp is bound to one
    VfioReset,      ///< VFIO's reset of all functions that share a reset
    Reenumerate,    ///< slot power off and on, or remove and rescan: the kernel starts afresh
    Quarantine,     ///< no reset: the card is kept out of use until an operator releases it
};

/// "flr", "slot", "bus", "vfio", "reenumerate", "quarantine".
const char* to_text(Rung rung);
/// The same texts; nullopt for anything else.
std::optional<Rung> rung_from_text(std::string_view text);

/// What the choice depends on.
struct LadderQuestion {
    bool hotplug_slot = false;  ///< the port belongs to a physical slot
    std::size_t functions = 0;  ///< enumerated below the port
    bool has_bridge = false;    ///< a switch is below: a bridge has no `bus` method
    bool answers = false;       ///< every function's config space answers
    /// The kernel gave a fatal recovery up: functions stay frozen until they are enumerated again
    /// (KERNEL 1.3), a bare reset is no recovery.
    bool frozen = false;

    bool operator==(const LadderQuestion&) const = default;
};

struct SkippedRung {
    Rung rung = Rung::BusReset;
    std::string reason;
    bool operator==(const SkippedRung&) const = default;
};

/// Gentlest first; never a step that cannot help. Empty rungs: nothing can be done, `skipped` says
/// why.
struct Ladder {
    std::vector<Rung> rungs;
    std::vector<SkippedRung> skipped;
    bool operator==(const Ladder&) const = default;
};

/// After the kernel gave up, or fell silent and the card does not verify.
Ladder recovery_ladder(const LadderQuestion& question);

/// For an operator's request; an explicit method is one rung or a refusal.
Ladder requested_ladder(const LadderQuestion& question, event::ResetMethod method);

}  // namespace slotd::policy
