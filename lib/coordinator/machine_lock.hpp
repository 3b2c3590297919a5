#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/step.hpp"
#include "event/outcome.hpp"

namespace slotd::coordinator {

/// Invariant 4: at most one of remove, rescan, slot power, service bind or unbind on the whole
/// machine at a time. The others wait here, in order. A wedged one keeps out whatever needs the
/// kernel's rescan lock, which it may be holding; binding a service goes on, so that gates can
/// open.
class MachineLock {
public:
    /// What of `wanted` may be started now: itself, or nothing yet. `refused` is set when it would
    /// only get stuck behind a wedged effect.
    struct Admission {
        bool start = false;
        bool refused = false;
    };

    Admission admit(const StartEffect& wanted);

    struct Next {
        std::optional<StartEffect> start;
        std::vector<StartEffect> refused;
    };

    /// An effect has ended, or was found wedged.
    Next finished(event::EffectId id, event::OutcomeKind outcome);
    /// Takes back an effect that has not been started; false where there is none. One that runs
    /// keeps its turn until its outcome is in: slotd-exec always answers.
    bool withdraw(event::EffectId id);
    /// slotd-exec is gone, and with it everything that ran or waited.
    void clear();

    std::optional<event::EffectId> running() const { return running_; }

    const std::deque<StartEffect>& waiting() const { return waiting_; }

    const std::vector<event::EffectId>& wedged() const { return wedged_; }

private:
    std::optional<event::EffectId> running_;
    std::deque<StartEffect> waiting_;
    std::vector<event::EffectId> wedged_;  ///< may hold the rescan lock
};

}  // namespace slotd::coordinator
