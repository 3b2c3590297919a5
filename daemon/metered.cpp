#include "daemon/metered.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "metrics/exposition.hpp"
#include "metrics/meter.hpp"
#include "metrics/scene.hpp"
#include "os/event_loop.hpp"
#include "os/journal.hpp"

namespace slotd::daemon {

void MeteredRecords::write(const action::Record& record) {
    records_.write(record);
    meter_.told(record);
}

void Metered::start(event::EffectId id, const action::Effect& effect) {
    // The work first: counting can wait for it.
    ports_.executor.start(id, effect);
    meter_.effect_started(id, effect, loop_.now());
}

void Metered::answer(const engine::ResetAnswer& answer) {
    ports_.requests.answer(answer);
    meter_.answered(answer.outcome);
}

void Metered::answer(const engine::PlanAnswer& answer) {
    ports_.requests.answer(answer);
    meter_.answered("planned");
}

void Metered::append(const history::Entry& entry, std::optional<history::Ticket> ticket) {
    ports_.history.append(entry, ticket);
    meter_.remembered(entry, loop_.now());
}

MetricsText::MetricsText(metrics::Meter& meter, const engine::Engine& engine,
                         const os::EventLoop& loop, const os::Journal& journal)
    : meter_(meter),
      engine_(engine),
      loop_(loop),
      journal_(journal),
      started_at_(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
                      .count()) {}

std::string MetricsText::in(metrics::Format format) const {
    const Instant now = loop_.now();
    metrics::Scene scene = metrics::scene_of(engine_.coordinator(), now);
    scene.version = SLOTD_VERSION;
    scene.started_at = started_at_;
    scene.dropped_lines = journal_.dropped_in_all();
    if (service_ != nullptr) {
        scene.clients = service_->connections();
        scene.subscribers = service_->subscribers();
        scene.missed_records = service_->missed_records();
    }
    return metrics::metrics_text(meter_, scene, now, format);
}

}  // namespace slotd::daemon
