#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/backend.hpp"
#include "control/control_service.hpp"
#include "control/loan.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "os/event_loop.hpp"
#include "os/history_store.hpp"

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

/// Answers go to the client that waits.
class Answers final : public engine::RequestSink {
public:
    void to(control::ControlService& service) { service_ = &service; }

    void answer(const engine::ResetAnswer& answer) override;
    void answer(const engine::PlanAnswer& answer) override;

private:
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
    EngineBackend(engine::Engine& engine, const os::EventLoop& loop)
        : engine_(engine),
          loop_(loop) {}

    std::vector<coordinator::SlotStatus> slots() const override;
    std::vector<std::string> preview(const event::ResetRequested& request) const override;
    void submit(const event::ResetRequested& request, std::unique_ptr<control::Loan> lent) override;
    void hold(const event::HoldRequested& request) override;
    void release(const event::ReleaseRequested& request) override;
    void plan(const event::PlanRequested& request) override;

private:
    engine::Engine& engine_;
    const os::EventLoop& loop_;
};

}  // namespace slotd::daemon
