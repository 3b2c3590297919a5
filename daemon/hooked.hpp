#pragma once

#include <functional>
#include <optional>
#include <set>

#include "coordinator/coordinator.hpp"
#include "daemon/hooks.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "pci/address.hpp"

namespace slotd::daemon {

/// Between the engine and slotd-exec: what is asked of hooks does not go there.
class HookedExecutor final : public engine::Executor {
public:
    /// `slots`: what there is to say of the slot whose step is asked about.
    HookedExecutor(engine::Executor& executor, Hooks& hooks,
                   std::function<const coordinator::Coordinator&()> slots)
        : executor_(executor),
          hooks_(hooks),
          slots_(std::move(slots)) {}

    void start(event::EffectId id, const action::Effect& effect) override;

private:
    engine::Executor& executor_;
    Hooks& hooks_;
    std::function<const coordinator::Coordinator&()> slots_;
};

/// Between the engine and the history: hooks hear of the end of each attempt.
class HookedMemory final : public engine::History {
public:
    HookedMemory(engine::History& history, Hooks& hooks) : history_(history), hooks_(hooks) {}

    void append(const history::Entry& entry, std::optional<history::Ticket> ticket) override;

private:
    engine::History& history_;
    Hooks& hooks_;
};

}  // namespace slotd::daemon
