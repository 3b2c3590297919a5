#pragma once

#include <deque>
#include <functional>

#include "tests/sim/schedule.hpp"

namespace slotd::sim {

/// A lock of the simulated kernel: first come, first served. A kernel thread that is at work holds
/// the lock of its service, so that waiting for the lock is draining it.
class KernelLock {
public:
    /// Calls `then` when the lock is the caller's: at once, or later.
    void take(const std::function<void()>& then) {
        if (held_) {
            waiting_.push_back(then);
            return;
        }
        held_ = true;
        then();
    }

    void release(Schedule& schedule) {
        if (waiting_.empty()) {
            held_ = false;
            return;
        }
        schedule.after({}, waiting_.front());
        waiting_.pop_front();
    }

    bool held() const { return held_; }

private:
    bool held_ = false;
    std::deque<std::function<void()>> waiting_;
};

}  // namespace slotd::sim
