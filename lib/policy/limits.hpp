#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace slotd::policy {

using namespace std::chrono_literals;

/// What a budget and its window can be configured to at most: so many attempts, and of so long,
/// have to be remembered, whatever is configured now.
inline constexpr std::uint32_t kBudgetMax = 1000;
inline constexpr Duration kBudgetWindowMax = std::chrono::hours(7 * 24);

/// Every bound that a decision depends on, with the reason for its default.
struct Limits {
    /// The kernel gives a device 65.5 s to come back (pci_dev_wait), after a slot reset and, if
    /// that failed, again after a bus reset (measured: 143 s); silence beyond it is no recovery.
    Duration kernel_recovery = 150s;
    /// An error was announced (ras:aer_event) but no recovery followed: masked, or source not
    /// found.
    Duration announced_only = 10s;
    /// FAILED_RECOVERY comes once for each function: the last is in within this time of the first.
    Duration recovery_quiet = 20ms;
    /// A hot-plug is over when nothing was added, removed or bound for this long.
    Duration hotplug_quiet = 500ms;
    /// pciehp's own waits add up to a few seconds; RRS may take 60 s (pci_scan_device).
    Duration hotplug = 75s;
    Duration verification_look = 50ms;
    /// A link that is down this long is not the flap of a reset (kernel: 100 ms hold, then
    /// training).
    Duration change_confirmed = 400ms;
    /// Sampling period of presence, link and the card's own answers at level exclusive, where
    /// pciehp is unbound.
    Duration sample = 500ms;
    /// A sample reads what a change cannot leave as it was; so often all the rest is read too.
    Duration whole_look = 5min;
    /// Late uevents of an own operation still belong to it.
    Duration cool_down = 250ms;
    /// An operation that waits longer for its turn is refused: something else is stuck.
    Duration turn = 180s;
    /// Retry of a token or a replay that could not be done.
    Duration retry = 5s;
    /// Requests that may wait for one slot.
    std::size_t waiting_requests_max = 4;
    /// How long the history may take to write a reservation before the attempt is given up.
    Duration reservation = 5s;
    /// Automatic attempts in `budget_window`: for one slot, as powerpc EEH (5 freezes in an hour);
    /// for all slots of a Root Port; for the host. A storm on many slots is no reason to reset
    /// many.
    std::uint32_t budget = 5;
    std::uint32_t budget_root_port = 10;
    std::uint32_t budget_host = 20;
    Duration budget_window = 1h;

    /// Whether hooks are asked before a step.
    bool hooks = false;

    bool operator==(const Limits&) const = default;
};

}  // namespace slotd::policy
