#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "coordinator/gate.hpp"
#include "history/entry.hpp"

namespace slotd::metrics {

/// The few words that stand as label values for what slotd says in sentences: a sentence has
/// addresses and names in it, and each new one would be a new series.

/// What an incident began with.
enum class Cause : std::uint8_t {
    FatalError,      ///< the kernel's trace told of a fatal error
    NonFatalError,   ///< of a non-fatal one
    KernelRecovery,  ///< the kernel recovers, and no error was seen before
    DriverWedged,    ///< a driver calls its device wedged
    CardChanged,     ///< card or link changed without a hot-plug event
    Request,         ///< an operator asked for a reset
    Other,
};
inline constexpr std::array<std::string_view, 7> kCauseWords{
    "fatal-error", "nonfatal-error", "kernel-recovery", "driver-wedged", "card-changed",
    "request",     "other"};

/// How it ended.
enum class IncidentOutcome : std::uint8_t {
    Recovered,  ///< the slot is well
    Refused,    ///< nothing was touched, and the slot was well before
    Failed,     ///< the slot is left to an operator
};
inline constexpr std::array<std::string_view, 3> kIncidentOutcomeWords{"recovered", "refused",
                                                                       "failed"};

enum class AttemptOutcome : std::uint8_t {
    Succeeded,
    Failed,
    Withdrawn,  ///< the kernel came first, nothing was touched
    Unknown,    ///< what it did is not known; never retried silently
};
inline constexpr std::array<std::string_view, 4> kAttemptOutcomeWords{"succeeded", "failed",
                                                                      "withdrawn", "unknown"};

Cause cause_of(const history::IncidentOpened& opened);
IncidentOutcome outcome_of(const history::IncidentClosed& closed);
AttemptOutcome outcome_of(const history::AttemptEnded& ended);

/// Of gates: "fence", "hotplug-mask", "aer", "dpc", "pciehp", "vfs".
std::string_view word_of(const coordinator::Gate& gate);

/// Outcomes of requests as coordinator::Answer has them, "planned" for a plan; whatever else there
/// may be one day counts as the last.
inline constexpr std::array<std::string_view, 11> kRequestWords{
    "recovered", "degraded", "failed",   "wedged",  "unknown", "refused",
    "in-use",    "held",     "released", "planned", "other"};

/// Where `word` stands in `words`; the last place for a stranger.
template <std::size_t N>
std::size_t place_of(std::string_view word, const std::array<std::string_view, N>& words) {
    std::size_t place = 0;
    while (place + 1 < N && words[place] != word) {
        ++place;
    }
    return place;
}

}  // namespace slotd::metrics
