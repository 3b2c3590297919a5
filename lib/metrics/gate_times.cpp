#include "metrics/gate_times.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "event/outcome.hpp"
#include "metrics/words.hpp"
#include "pci/address.hpp"

namespace slotd::metrics {

using coordinator::Gate;

void GateTimes::started(event::EffectId id, const action::Effect& effect, Instant now) {
    if (const auto closing = coordinator::closed_by(effect)) {
        moves_[id] = {*closing, true, !closed_.contains(*closing)};
        close(*closing, now);
    } else if (const auto opening = coordinator::opened_by(effect)) {
        moves_[id] = {*opening, false, false};
    }
}

void GateTimes::ended(event::EffectId id, const event::Outcome& outcome, Instant now) {
    const auto at = moves_.find(id);
    if (at == moves_.end()) {
        return;
    }
    const Move move = at->second;
    if (outcome.kind != event::OutcomeKind::TimedOut) {  // else there is more to come
        moves_.erase(at);
    }
    if (!move.closes) {
        if (outcome.succeeded() || outcome.kind == event::OutcomeKind::Gone) {
            open(move.gate, now);
        }
        return;
    }
    const bool never_closed = outcome.kind == event::OutcomeKind::AlreadySo ||
                              outcome.kind == event::OutcomeKind::Refused ||
                              outcome.kind == event::OutcomeKind::Gone;
    if (never_closed && move.newly) {
        closed_.erase(move.gate);
    }
}

void GateTimes::all_open(Instant now) {
    moves_.clear();
    settle({}, {}, now);
}

void GateTimes::settle(const std::set<Gate>& closed, const std::set<pci::Address>& ports,
                       Instant now) {
    std::vector<Gate> opened;
    for (const auto& [gate, since] : closed_) {
        if (!closed.contains(gate)) {
            opened.push_back(gate);
        }
    }
    for (const Gate& gate : opened) {
        open(gate, now);
    }
    for (const Gate& gate : closed) {
        close(gate, now);
    }
    if (!ports.empty()) {
        std::erase_if(past_, [&](const auto& one) { return !ports.contains(one.first.first); });
    }
}

std::map<GateTimes::Key, Duration> GateTimes::totals(Instant now) const {
    std::map<Key, Duration> all = past_;
    for (const auto& [gate, since] : closed_) {
        all[{gate.port, word_of(gate)}] += now - since;
    }
    return all;
}

void GateTimes::close(const Gate& gate, Instant now) {
    closed_.try_emplace(gate, now);
}

void GateTimes::open(const Gate& gate, Instant now) {
    const auto at = closed_.find(gate);
    if (at != closed_.end()) {
        past_[{gate.port, word_of(gate)}] += now - at->second;
        closed_.erase(at);
    }
}

}  // namespace slotd::metrics
