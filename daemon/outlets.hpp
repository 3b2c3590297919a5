#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/backend.hpp"
#include "control/control_service.hpp"
#include "control/loan.hpp"
#include "daemon/metered.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "metrics/exposition.hpp"
#include "os/event_loop.hpp"
#include "os/history_store.hpp"
#include "os/loans.hpp"

namespace slotd::daemon {

/// Every record goes to the journal and to whoever subscribed.
class Records final : public engine::RecordSink {
public:
    explicit Records(engine::RecordSink& journal) : journal_(journal) {}

    void also_to(control::ControlService& service) { service_ = &service; }

    void write(const action::Record& record) override;

private:
    engine::RecordSink& journal_;
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
    /// `loans`: for what comes with requests; `answers`: for those that do not reach the engine.
    EngineBackend(engine::Engine& engine, const os::EventLoop& loop, os::Loans& loans,
                  engine::RequestSink& answers, const MetricsText& metrics)
        : engine_(engine),
          loop_(loop),
          loans_(loans),
          answers_(answers),
          metrics_(metrics) {}

    std::vector<coordinator::SlotStatus> slots() const override;

    std::string metrics(metrics::Format format) const override { return metrics_.in(format); }

    std::vector<std::string> preview(const event::ResetRequested& request) const override;
    void submit(const event::ResetRequested& request, std::unique_ptr<control::Loan> lent) override;
    void hold(const event::HoldRequested& request) override;
    void release(const event::ReleaseRequested& request) override;
    void plan(const event::PlanRequested& request) override;

private:
    engine::Engine& engine_;
    const os::EventLoop& loop_;
    os::Loans& loans_;
    engine::RequestSink& answers_;
    const MetricsText& metrics_;
};

}  // namespace slotd::daemon
