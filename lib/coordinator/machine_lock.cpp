#include "coordinator/machine_lock.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/step.hpp"
#include "event/outcome.hpp"

namespace slotd::coordinator {

MachineLock::Admission MachineLock::admit(const StartEffect& wanted) {
    if (!action::machine_wide(wanted.effect)) {
        return {.start = true, .refused = false};
    }
    if (!wedged_.empty() && action::takes_rescan_lock(wanted.effect)) {
        return {.start = false, .refused = true};
    }
    if (running_) {
        waiting_.push_back(wanted);
        return {};
    }
    running_ = wanted.id;
    return {.start = true, .refused = false};
}

MachineLock::Next MachineLock::finished(event::EffectId id, event::OutcomeKind outcome) {
    const bool wedged = outcome == event::OutcomeKind::TimedOut;
    if (!wedged) {
        std::erase(wedged_, id);
    }
    if (running_ != id) {
        std::erase_if(waiting_, [id](const StartEffect& one) { return one.id == id; });
        return {};
    }
    if (wedged) {
        wedged_.push_back(id);
    }
    running_.reset();
    Next next;
    while (!waiting_.empty() && !next.start) {
        const StartEffect first = waiting_.front();
        waiting_.pop_front();
        if (!wedged_.empty() && action::takes_rescan_lock(first.effect)) {
            next.refused.push_back(first);
        } else {
            running_ = first.id;
            next.start = first;
        }
    }
    return next;
}

bool MachineLock::withdraw(event::EffectId id) {
    return std::erase_if(waiting_, [&](const StartEffect& one) { return one.id == id; }) != 0;
}

void MachineLock::clear() {
    running_.reset();
    waiting_.clear();
    wedged_.clear();
}

}  // namespace slotd::coordinator
