#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/request.hpp"

namespace slotd::policy {

/// One step that may bring a card back, or that sets it aside.
enum class Rung : std::uint8_t {
    FunctionReset,  ///< FLR of each function
    SlotReset,      ///< the function's `bus` method through its hot-plug slot
    BusReset,       ///< the function's `bus` method where the port has no hot-plug slot
    VfioReset,      ///< VFIO hot reset: the way to reset the bus of a card with several functions
    Reenumerate,    ///< slot power off and on, or remove and rescan: the kernel starts afresh
    Quarantine,     ///< no automatic action until somebody releases the slot
};

/// "flr", "slot", "bus", "vfio", "reenumerate", "quarantine": as in the configuration.
const char* to_text(Rung rung);
std::optional<Rung> rung_from_text(std::string_view text);
/// Gentlest first.
const std::vector<Rung>& all_rungs();

/// What the choice depends on.
struct LadderQuestion {
    bool hotplug_slot = false;  ///< the port belongs to a physical slot
    std::size_t functions = 0;  ///< physical functions enumerated below the port
    std::size_t vfs = 0;        ///< virtual functions among them
    bool has_bridge = false;    ///< a switch is below: a bridge has no `bus` method
    bool answers = false;       ///< every function's config space answers
    /// The kernel gave a fatal recovery up: functions stay frozen until they are enumerated again
    /// (KERNEL 1.3), a bare reset is no recovery.
    bool frozen = false;
    /// BARs or COMMAND were lost: a bare reset would save and restore the wiped ones (KERNEL 3.3).
    bool wiped = false;
    /// The driver is gone, or asks for a fresh start: a reset under it binds nothing.
    bool wants_driver = false;
    bool lent = false;  ///< the request came with the VFIO descriptors of the card's owner

    bool operator==(const LadderQuestion&) const = default;
};

struct SkippedRung {
    Rung rung = Rung::SlotReset;
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

/// After the kernel gave up, or fell silent and the card does not verify: those of `steps` that can
/// help, in their order.
Ladder recovery_ladder(const LadderQuestion& question, const std::vector<Rung>& steps);

/// For an operator's request; an explicit method is one rung or a refusal.
Ladder requested_ladder(const LadderQuestion& question, event::ResetMethod method);

}  // namespace slotd::policy
