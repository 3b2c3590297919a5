#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "os/event_loop.hpp"
#include "os/executor_client.hpp"

namespace slotd::daemon {

/// Between the engine and slotd-exec: where surveys of use have a service of their own, they go
/// there, and nothing else does. That it is away, ends or hangs is the outcome of its surveys
/// (Refused, with the reason) and of nothing else; the next survey gets another one.
class Surveyor final : public engine::Executor {
public:
    using OnOutcome = std::function<void(event::EffectId, const event::Outcome&)>;

    /// How much longer than its own deadline a survey may take before the service counts as one
    /// that hangs.
    static constexpr Duration kPatience = std::chrono::seconds(3);

    /// `socket`: where systemd starts the service for who connects; nullopt: slotd-exec makes the
    /// surveys. `on_outcome` comes from the loop, never from within start().
    Surveyor(std::optional<std::string> socket, engine::Executor& others, os::EventLoop& loop,
             OnOutcome on_outcome, Duration patience = kPatience);

    /// Connects, so that the first survey does not wait for a process to start, and listens. An
    /// Error is one of the loop's; that there is no service is told to who wants a survey.
    Status open();

    void start(event::EffectId id, const action::Effect& effect) override;

private:
    void connect();
    void answered(event::EffectId id, event::Outcome outcome);
    void ended(const std::string& how);
    void rearm();
    void passed();

    std::optional<std::string> socket_;
    engine::Executor& others_;
    os::EventLoop& loop_;
    OnOutcome on_outcome_;
    Duration patience_;
    std::map<event::EffectId, Instant> asked_;  ///< and when it is too late
    std::string why_lost_;
    Instant connected_at_{};
    os::Timer timer_;
    os::ExecutorClient client_;
    os::Watch watch_;
};

}  // namespace slotd::daemon
