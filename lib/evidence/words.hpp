#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "evidence/evidence.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

/// Inside this module only: the words of the schema (docs/journal.md), in the order of the
/// enumerators; once for writing and once for reading.

/// One word for each enumerator, in their order.
template <class Enum, std::size_t count>
struct Words {
    std::array<std::string_view, count> words;

    constexpr std::string_view of(Enum value) const {
        const auto index = static_cast<std::size_t>(std::to_underlying(value));
        return index < count ? words[index] : std::string_view("unknown");
    }

    constexpr std::optional<Enum> from(std::string_view word) const {
        for (std::size_t index = 0; index < count; ++index) {
            if (words[index] == word) {
                return static_cast<Enum>(index);
            }
        }
        return std::nullopt;
    }
};

inline constexpr Words<event::RecoveryReport, 3> kReports{{"began", "succeeded", "failed"}};
inline constexpr Words<event::Severity, 3> kSeverities{{"corrected", "nonfatal", "fatal"}};
inline constexpr Words<event::HotplugKind, 4> kChanges{
    {"added", "removed", "driver-bound", "driver-unbound"}};
inline constexpr Words<event::HotplugSignal, 4> kSignals{
    {"link-up", "link-down", "card-present", "card-not-present"}};
inline constexpr Words<event::WedgedMethod, 5> kMethods{
    {"none", "rebind", "bus-reset", "vendor-specific", "other"}};
inline constexpr Words<event::OutcomeKind, 8> kOutcomes{{"done", "already-so", "gone", "refused",
                                                         "failed", "timed-out", "executor-lost",
                                                         "worker-lost"}};
inline constexpr Words<HistoryWord, 6> kHistoryWords{
    {"opened", "unusable", "written", "not-written", "dropped", "answered"}};
inline constexpr Words<pci::PortKind, 2> kPortKinds{{"root-port", "switch-downstream-port"}};
inline constexpr Words<action::KernelReset, 2> kResets{{"flr", "bus"}};
inline constexpr Words<action::Latched, 2> kLatched{{"forget", "deliver"}};

/// Effects in the order of action::Effect.
inline constexpr std::array<std::string_view, std::variant_size_v<action::Effect>> kEffects{
    "raise-fence",   "lower-fence",      "mask-hotplug",   "unmask-hotplug",  "unbind-service",
    "bind-service",  "reset-function",   "set-slot-power", "remove-function", "rescan-below",
    "observe-slot",  "survey-use",       "ask-hooks",      "note-vfs",        "restore-vfs",
    "reset-by-vfio", "reset-by-lent-fds"};

}  // namespace slotd::evidence
