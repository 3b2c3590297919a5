#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/observation.hpp"
#include "event/port_sample.hpp"
#include "event/usage.hpp"

namespace slotd::event {

/// Names one started effect for the life of the daemon; never reused. 0 names none.
using EffectId = std::uint64_t;

enum class OutcomeKind : std::uint8_t {
    Done,
    AlreadySo,  ///< nothing to do: the service was not bound, the gate not closed
    Gone,       ///< the function or port is no longer there (ENODEV, ENOENT, all ones)
    Refused,    ///< slotd-exec's own check or the kernel said no, and nothing was touched
    Failed,     ///< the kernel tried and failed; `os_errno` says how
    TimedOut,   ///< no answer within the deadline: the worker is wedged, what happened is unknown
    ExecutorLost,  ///< slotd-exec went away; what happened is unknown
    WorkerLost,    ///< its worker process died, slotd-exec did not; what happened is unknown
};

const char* to_text(OutcomeKind kind);

/// How an effect ended. Done and AlreadySo are success, Gone is a fact to look into, TimedOut and
/// the two losses are ambiguous and never retried silently.
struct Outcome {
    OutcomeKind kind = OutcomeKind::Done;
    int os_errno = 0;
    std::string context;  ///< what was tried, at most 255 bytes: "write 0000:01:00.0/reset"
    std::optional<Observation> observation;  ///< only of an ObserveSlot that is Done
    std::optional<Usage> usage = {};         ///< only of a SurveyUse that is Done
    /// Only of a sample that is Done: the ports that look otherwise than was expected.
    std::vector<PortSample> samples = {};

    bool operator==(const Outcome&) const = default;

    bool succeeded() const { return kind == OutcomeKind::Done || kind == OutcomeKind::AlreadySo; }

    bool ambiguous() const {
        return kind == OutcomeKind::TimedOut || kind == OutcomeKind::ExecutorLost ||
               kind == OutcomeKind::WorkerLost;
    }

    /// "failed: write 0000:01:00.0/reset: Inappropriate ioctl for device"
    std::string to_string() const;
};

}  // namespace slotd::event
