#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <variant>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "metrics/exposition.hpp"
#include "metrics/gate_times.hpp"
#include "metrics/words.hpp"
#include "pci/address.hpp"
#include "policy/ladder.hpp"

namespace slotd::metrics {

/// Where an event of the kernel came from.
enum class Source : std::uint8_t { Uevents, Trace };
inline constexpr std::array<std::string_view, 2> kSourceWords{"uevents", "trace"};

/// One number for each value of an enumeration, counted from zero.
template <class Enum, std::size_t N>
struct Tally {
    std::array<std::uint64_t, N> counts{};

    void add(Enum what, std::uint64_t many = 1) {
        counts.at(static_cast<std::size_t>(what)) += many;
    }

    std::uint64_t of(Enum what) const { return counts.at(static_cast<std::size_t>(what)); }
};

inline constexpr std::size_t kCauses = kCauseWords.size();
inline constexpr std::size_t kIncidentOutcomes = kIncidentOutcomeWords.size();
inline constexpr std::size_t kAttemptOutcomes = kAttemptOutcomeWords.size();
/// Quarantine is the last rung, and no attempt.
inline constexpr std::size_t kSteps = static_cast<std::size_t>(policy::Rung::Quarantine);

/// Counts what passes between the engine and the outside: told of it beside the one who it is for,
/// it decides nothing. Counting is a few additions; text is made only when somebody asks. Of ends
/// of effects and of slotd-exec it is told before the engine, which may start the next ones at
/// once.
class Meter {
public:
    void kernel_said(const event::KernelEvent& event, Source source);
    void effect_started(event::EffectId id, const action::Effect& effect, Instant now);
    void effect_ended(event::EffectId id, const event::Outcome& outcome, Instant now);
    void executor_restarted(Instant now);
    void remembered(const history::Entry& entry, Instant now);
    void history_said(const history::News& news);
    void told(const action::Record& record);
    /// `outcome`: as in coordinator::Answer; "planned" for a plan.
    void answered(std::string_view outcome);

    Tally<action::RecordKind, 32> records;
    Tally<Source, 2> missed_events;
    Tally<event::Severity, 3> kernel_errors;
    Tally<event::RecoveryReport, 3> kernel_recoveries;
    std::array<Tally<IncidentOutcome, kIncidentOutcomes>, kCauses> incidents;
    std::array<Histogram, kCauses> recovery_seconds;
    /// By step, then slotd's own (0) and asked for (1).
    std::array<std::array<Tally<AttemptOutcome, kAttemptOutcomes>, 2>, kSteps> attempts;
    std::array<std::uint64_t, kRequestWords.size()> requests{};
    Tally<event::OutcomeKind, 8> effects;
    std::array<std::uint64_t, 3> hook_inquiries{};  ///< agreed, objected, silent
    std::uint64_t executor_restarts = 0;
    std::uint64_t history_dropped = 0;
    bool history_usable = false;
    GateTimes gates;

    /// Effects that passed their deadline and have not come back.
    std::size_t wedged_workers() const { return wedged_.size(); }

private:
    struct Open {
        Instant since;
        Cause cause = Cause::Other;
    };

    struct Attempt {
        std::uint32_t number = 0;
        std::size_t step = 0;
        bool asked_for = false;
    };

    void closed(const history::IncidentClosed& closed, Instant now);
    void ended(const history::AttemptEnded& ended);
    void asked_hooks(const event::Outcome& outcome);

    std::map<std::uint64_t, Open> open_;       ///< incidents
    std::map<pci::Address, Attempt> attempt_;  ///< the newest of a slot that has not ended
    std::set<event::EffectId> asked_;          ///< inquiries of hooks
    std::set<event::EffectId> wedged_;
};

}  // namespace slotd::metrics
