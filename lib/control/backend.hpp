#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/answers.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "event/request.hpp"
#include "metrics/exposition.hpp"
#include "pci/address.hpp"
#include "report/checkup.hpp"

namespace slotd::control {

/// What the control interface needs from the daemon. Answers to submitted requests come later,
/// through ControlService::answer (engine::RequestSink in the daemon's wiring).
class Backend {
public:
    virtual ~Backend() = default;
    /// By port address.
    virtual std::vector<coordinator::SlotStatus> slots() const = 0;
    /// Everything for a monitoring system, as text; touches nothing.
    virtual std::string metrics(metrics::Format format) const = 0;
    /// What the request would do now, one sentence a line; touches nothing.
    virtual std::vector<std::string> preview(const event::ResetRequested& request) const = 0;
    /// Queues it. Exactly one answer follows to this and each of the next, at once if it is
    /// refused. `lent`: what came with the request where it says so, else nullptr.
    virtual void submit(const event::ResetRequested& request, std::unique_ptr<Loan> lent) = 0;
    virtual void hold(const event::HoldRequested& request) = 0;
    virtual void release(const event::ReleaseRequested& request) = 0;
    /// The answer is a PlanAnswer.
    virtual void plan(const event::PlanRequested& request) = 0;
    /// The answer is a HistoryAnswer.
    virtual void history(const HistoryRequested& request) = 0;
    /// Reads the configuration files again; their mistakes, and then nothing has changed.
    virtual std::expected<ReloadReply, std::vector<std::string>> reload(
        const event::Requester& requester) = 0;
    /// What is in force; `port`: for the slot of this port, which is one of slots().
    virtual ConfigReply config(const std::optional<pci::Address>& port) const = 0;
    /// What was noted beside the slots' statuses; from memory, touches nothing.
    virtual report::DaemonNotes doctor() const = 0;
};

}  // namespace slotd::control
