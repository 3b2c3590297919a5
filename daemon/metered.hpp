#pragma once

#include <optional>
#include <string>

#include "control/control_service.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "metrics/exposition.hpp"
#include "metrics/meter.hpp"
#include "os/event_loop.hpp"
#include "os/journal.hpp"

namespace slotd::daemon {

/// In front of where records go: each is counted.
class MeteredRecords final : public engine::RecordSink {
public:
    MeteredRecords(engine::RecordSink& records, metrics::Meter& meter)
        : records_(records),
          meter_(meter) {}

    void write(const action::Record& record) override;

    bool takes_evidence() const override { return records_.takes_evidence(); }

private:
    engine::RecordSink& records_;
    metrics::Meter& meter_;
};

/// Between the engine and its ports: what passes is counted, and goes on as it is.
class Metered final : public engine::Executor, public engine::RequestSink, public engine::History {
public:
    Metered(engine::Engine::Ports ports, metrics::Meter& meter, const os::EventLoop& loop)
        : ports_(ports),
          meter_(meter),
          loop_(loop) {}

    /// For the engine.
    engine::Engine::Ports ports() {
        return {*this, ports_.topology, ports_.records, *this, *this, ports_.samples};
    }

    void start(event::EffectId id, const action::Effect& effect) override;
    void answer(const engine::ResetAnswer& answer) override;
    void answer(const engine::PlanAnswer& answer) override;
    void append(const history::Entry& entry, std::optional<history::Ticket> ticket) override;

private:
    engine::Engine::Ports ports_;
    metrics::Meter& meter_;
    const os::EventLoop& loop_;
};

/// What slotd says when it is asked for its metrics.
class MetricsText {
public:
    MetricsText(metrics::Meter& meter, const engine::Engine& engine, const os::EventLoop& loop,
                const os::Journal& journal);

    /// Its clients are among what is told.
    void of(const control::ControlService& service) { service_ = &service; }

    std::string in(metrics::Format format) const;

private:
    metrics::Meter& meter_;
    const engine::Engine& engine_;
    const os::EventLoop& loop_;
    const os::Journal& journal_;
    const control::ControlService* service_ = nullptr;
    double started_at_;
};

}  // namespace slotd::daemon
