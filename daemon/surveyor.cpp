#include "daemon/surveyor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "os/event_loop.hpp"
#include "os/executor_client.hpp"

namespace slotd::daemon {

using namespace std::chrono_literals;

namespace {

/// One that ends sooner than this is not started again before somebody wants a survey.
constexpr Duration kSettled = 10s;

}  // namespace

Surveyor::Surveyor(std::optional<std::string> socket, engine::Executor& others, os::EventLoop& loop,
                   OnOutcome on_outcome, Duration patience)
    : socket_(std::move(socket)),
      others_(others),
      loop_(loop),
      on_outcome_(std::move(on_outcome)),
      patience_(patience),
      client_(
          [this](event::EffectId id, event::Outcome outcome) { answered(id, std::move(outcome)); },
          [this](const std::string& how) { ended(how); }) {}

Status Surveyor::open() {
    if (!socket_) {
        return {};
    }
    auto timer = loop_.timer(os::Turn::Deadline, [this] { passed(); });
    if (!timer) {
        return std::unexpected(std::move(timer.error()));
    }
    timer_ = std::move(*timer);
    auto watch =
        loop_.watch(client_.fd(), os::Turn::Completion, [this](os::Ready) { client_.readable(); });
    if (!watch) {
        return std::unexpected(std::move(watch.error()));
    }
    watch_ = std::move(*watch);
    connect();
    return {};
}

void Surveyor::connect() {
    connected_at_ = loop_.now();
    if (const auto connected = client_.connect(*socket_); !connected) {
        why_lost_ = connected.error().message();
    } else {
        why_lost_ = "slotd-survey ended before it answered";
    }
}

void Surveyor::start(event::EffectId id, const action::Effect& effect) {
    if (!socket_ || !std::holds_alternative<action::SurveyUse>(effect)) {
        others_.start(id, effect);
        return;
    }
    if (!client_.connected()) {
        connect();
    }
    asked_[id] = loop_.now() + action::deadline_of(effect) + patience_;
    client_.start(id, effect);
    rearm();
}

void Surveyor::answered(event::EffectId id, event::Outcome outcome) {
    asked_.erase(id);
    rearm();
    if (outcome.kind == event::OutcomeKind::ExecutorLost) {
        // For the engine that would be slotd-exec, whose end is another matter.
        outcome = {event::OutcomeKind::Refused, 0, why_lost_, std::nullopt};
    }
    on_outcome_(id, outcome);
}

void Surveyor::ended(const std::string& /*how*/) {
    if (loop_.now() - connected_at_ > kSettled) {
        connect();
    }
}

void Surveyor::rearm() {
    Instant next = kNever;
    for (const auto& [id, too_late] : asked_) {
        next = std::min(next, too_late);
    }
    (void)timer_.arm(next);  // fails only with the loop, which then ends
}

void Surveyor::passed() {
    const bool late = std::ranges::any_of(
        asked_, [now = loop_.now()](const auto& one) { return one.second <= now; });
    if (!late) {
        rearm();
        return;
    }
    why_lost_ = fmt::format("slotd-survey has not answered within {} ms and is left behind",
                            std::chrono::duration_cast<std::chrono::milliseconds>(
                                action::deadline_of(action::SurveyUse{}) + patience_)
                                .count());
    asked_.clear();
    // All that it was asked comes back as lost; the next survey starts another.
    (void)client_.close_and_wait(Duration::zero());
}

}  // namespace slotd::daemon
