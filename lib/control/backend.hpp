#pragma once

#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "event/request.hpp"

namespace slotd::control {

/// What the control interface needs from the daemon. Answers to submitted requests come later,
/// through ControlService::answer (engine::RequestSink in the daemon's wiring).
class Backend {
public:
    virtual ~Backend() = default;
    /// By port address.
    virtual std::vector<coordinator::SlotStatus> slots() const = 0;
    /// What the request would do now, one sentence a line; touches nothing.
    virtual std::vector<std::string> preview(const event::ResetRequested& request) const = 0;
    /// Queues it. Exactly one answer follows, at once if it is refused.
    virtual void submit(const event::ResetRequested& request) = 0;
};

}  // namespace slotd::control
