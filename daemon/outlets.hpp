#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/line_limit.hpp"
#include "action/record.hpp"
#include "control/answers.hpp"
#include "control/backend.hpp"
#include "control/control_service.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "daemon/configuration.hpp"
#include "daemon/doctor_desk.hpp"
#include "daemon/metered.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "metrics/exposition.hpp"
#include "os/event_loop.hpp"
#include "os/history_store.hpp"
#include "os/loans.hpp"
#include "pci/address.hpp"
#include "report/checkup.hpp"

namespace slotd::daemon {

/// Every record goes to whoever subscribed, and to the journal, which is spared the same line over
/// and over.
class Records final : public engine::RecordSink {
public:
    Records(engine::RecordSink& journal, const os::EventLoop& loop)
        : journal_(journal),
          loop_(loop) {}

    void also_to(control::ControlService& service) { service_ = &service; }

    void write(const action::Record& record) override;

    bool takes_evidence() const override { return journal_.takes_evidence(); }

    /// How many lines were held back, where it is time to say so. Cheap; for whoever is awake.
    void say_due();
    /// The same, whatever the time: nothing more will be written.
    void say_all();

private:
    void write_to_journal(const std::vector<action::Record>& records);

    engine::RecordSink& journal_;
    const os::EventLoop& loop_;
    action::LineLimit limit_;
    control::ControlService* service_ = nullptr;
};

/// Answers go to the client that waits; what came with the request is then of no more use.
class Answers final : public engine::RequestSink {
public:
    explicit Answers(os::Loans& loans) : loans_(loans) {}

    void to(control::ControlService& service) { service_ = &service; }

    void answer(const engine::ResetAnswer& answer) override;
    void answer(const engine::PlanAnswer& answer) override;

private:
    os::Loans& loans_;
    control::ControlService* service_ = nullptr;
};

/// What has to be remembered goes to the history, with the time.
class Memory final : public engine::History {
public:
    explicit Memory(os::HistoryStore& store) : store_(store) {}

    void append(const history::Entry& entry, std::optional<history::Ticket> ticket) override;

private:
    os::HistoryStore& store_;
};

/// What the control interface asks of the engine.
class EngineBackend final : public control::Backend {
public:
    /// They outlive it.
    struct Parts {
        engine::Engine& engine;
        Configuration& configuration;
        const os::EventLoop& loop;
        os::Loans& loans;              ///< for what comes with requests
        engine::RequestSink& answers;  ///< for those that do not reach the engine
        os::HistoryStore& history;
        const DoctorDesk& desk;
        const MetricsText& metrics;
    };

    explicit EngineBackend(Parts parts) : parts_(parts) {}

    std::vector<coordinator::SlotStatus> slots() const override;

    std::string metrics(metrics::Format format) const override { return parts_.metrics.in(format); }

    std::vector<std::string> preview(const event::ResetRequested& request) const override;
    void submit(const event::ResetRequested& request, std::unique_ptr<control::Loan> lent) override;
    void hold(const event::HoldRequested& request) override;
    void release(const event::ReleaseRequested& request) override;
    void plan(const event::PlanRequested& request) override;
    void history(const control::HistoryRequested& request) override;
    std::expected<control::ReloadReply, std::vector<std::string>> reload(
        const event::Requester& requester) override;
    control::ConfigReply config(const std::optional<pci::Address>& port) const override;

    report::DaemonNotes doctor() const override { return parts_.desk.notes(); }

private:
    Parts parts_;
};

}  // namespace slotd::daemon
