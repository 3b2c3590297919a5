#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

/// What slotd was told, so that a line of the journal can say what it follows from. slotctl reads
/// it again: for a timeline, and to play the history once more.

/// A port as the topology has it; of a line that follows from a scan.
struct PortSeen {
    pci::Port port;
    bool operator==(const PortSeen&) const = default;
};

/// An effect has ended, so long after it was started.
struct EffectEnded {
    action::Effect effect;
    event::Outcome outcome;
    Duration took{};
    bool operator==(const EffectEnded&) const = default;
};

enum class HistoryWord : std::uint8_t { Opened, Unusable, Written, NotWritten, Dropped, Answered };

/// What the history said.
struct HistorySaid {
    HistoryWord word = HistoryWord::Opened;
    std::string why;  ///< of Unusable and NotWritten
    bool operator==(const HistorySaid&) const = default;
};

struct ExecutorRestarted {
    bool operator==(const ExecutorRestarted&) const = default;
};

/// Another configuration was taken; which, a replay has from whoever asks for it.
struct Reconfigured {
    bool operator==(const Reconfigured&) const = default;
};

/// A deadline has passed.
struct TimePassed {
    bool operator==(const TimePassed&) const = default;
};

using Cause = std::variant<TimePassed, event::KernelEvent, EffectEnded, event::ResetRequested,
                           event::HoldRequested, event::ReleaseRequested, PortSeen, HistorySaid,
                           ExecutorRestarted, Reconfigured>;

/// Something about the slot since its line before, that made no line of its own. Effects are
/// without what they read.
struct Earlier {
    Instant at;
    std::variant<event::KernelEvent, EffectEnded> fact;
    std::uint32_t times = 1;  ///< so often in a row, the last one at `at`
    bool operator==(const Earlier&) const = default;
};

/// What one line follows from.
struct Evidence {
    std::uint64_t input =
        0;       ///< counts what this run of slotd was told; lines of one have the same
    Instant at;  ///< when, on CLOCK_MONOTONIC
    Cause cause;
    std::vector<Earlier> earlier;  ///< oldest first, the newest that fit
    std::uint32_t left_out = 0;    ///< of those, how many did not fit
    bool operator==(const Evidence&) const = default;
};

}  // namespace slotd::evidence
