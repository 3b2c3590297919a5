#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

/// One way from the kernel to slotd (the uevent socket, the trace pipe): keeps the order, takes its
/// time, can be held up and can lose. Who lost something hears that something was lost, later.
class Channel {
public:
    using Deliver = std::function<void(const std::vector<event::KernelEvent>&)>;

    Channel(Schedule& schedule, Random random, std::string name, Deliver deliver);

    void say(const event::KernelEvent& event);
    /// Whatever is said from now on for this long is lost.
    void lose_for(Duration length);
    /// Whatever is said arrives after this time, in one go.
    void hold_for(Duration length);
    /// Without a listener what is said is gone; what was queued goes with the listener.
    void listen(bool listening);

    bool empty() const { return queue_.empty() && !loss_untold_; }

private:
    void pump(unsigned listener);

    Schedule& schedule_;
    Random random_;
    std::string name_;
    Deliver deliver_;
    std::deque<std::pair<Instant, event::KernelEvent>> queue_;  ///< with when it can arrive
    Instant lost_until_{};
    Instant held_until_{};
    Instant last_{};
    bool loss_untold_ = false;
    bool listening_ = false;
    unsigned listener_ = 0;
};

}  // namespace slotd::sim
