#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/answers.hpp"
#include "control/backend.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "event/request.hpp"
#include "metrics/exposition.hpp"
#include "pci/address.hpp"
#include "report/checkup.hpp"

namespace slotd::fakes {

/// A daemon that has slots and takes requests down, without doing anything about them. What it does
/// on submit can be replaced: an answer may come at once, from within.
class FakeBackend : public control::Backend {
public:
    std::vector<coordinator::SlotStatus> machine;
    std::vector<std::string> dry_run{"reset slot of 0000:00:02.0", "verify"};
    std::vector<event::ResetRequested> submitted;
    std::vector<std::unique_ptr<control::Loan>> lent;  ///< with those of `submitted` that lend
    std::vector<event::HoldRequested> held;
    std::vector<event::ReleaseRequested> released;
    std::vector<event::PlanRequested> planned;
    std::vector<control::HistoryRequested> histories;
    std::vector<event::Requester> reloaded;
    std::vector<std::string> mistakes;  ///< in the configuration files
    report::DaemonNotes notes;
    std::function<void(const event::ResetRequested&)> on_submit;
    std::function<void(event::RequestId)> on_act;  ///< a hold or release
    std::function<void(event::RequestId)> on_plan;
    std::function<void(event::RequestId)> on_history;

    std::string metrics(metrics::Format format) const override {
        return format == metrics::Format::OpenMetrics ? "# EOF\n" : "# HELP up up\nup 1\n";
    }

    std::vector<coordinator::SlotStatus> slots() const override { return machine; }

    std::vector<std::string> preview(const event::ResetRequested& request) const override;
    void submit(const event::ResetRequested& request, std::unique_ptr<control::Loan> loan) override;
    void hold(const event::HoldRequested& request) override;
    void release(const event::ReleaseRequested& request) override;
    void plan(const event::PlanRequested& request) override;
    void history(const control::HistoryRequested& request) override;
    std::expected<control::ReloadReply, std::vector<std::string>> reload(
        const event::Requester& requester) override;
    control::ConfigReply config(const std::optional<pci::Address>& port) const override;

    report::DaemonNotes doctor() const override { return notes; }
};

/// A Root Port with a network card (slot "5"), one with a switch whose two nested slots are both
/// called "11", one without a slot.
std::vector<coordinator::SlotStatus> small_machine();

}  // namespace slotd::fakes
