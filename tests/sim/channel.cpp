#include "tests/sim/channel.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

using namespace std::chrono_literals;

Channel::Channel(Schedule& schedule, Random random, std::string name, Deliver deliver)
    : schedule_(schedule),
      random_(random),
      name_(std::move(name)),
      deliver_(std::move(deliver)) {}

void Channel::say(const event::KernelEvent& event) {
    if (!listening_) {
        return;
    }
    const Instant now = schedule_.now();
    if (now < lost_until_) {
        if (!loss_untold_) {
            // Found with the next message, or when the socket is read again.
            loss_untold_ = true;
            schedule_.at(lost_until_ + random_.between(1ms, 2s),
                         [this, listener = listener_] { pump(listener); });
        }
        return;
    }
    const Instant at = std::max({last_, held_until_, now + random_.between(50us, 2ms)});
    last_ = at;
    queue_.emplace_back(at, event);
    schedule_.at(at, [this, listener = listener_] { pump(listener); });
}

void Channel::lose_for(Duration length) {
    lost_until_ = std::max(lost_until_, schedule_.now() + length);
}

void Channel::hold_for(Duration length) {
    held_until_ = std::max(held_until_, schedule_.now() + length);
}

void Channel::listen(bool listening) {
    listening_ = listening;
    listener_ += 1;
    queue_.clear();
    loss_untold_ = false;
}

void Channel::pump(unsigned listener) {
    if (listener != listener_) {
        return;
    }
    std::vector<event::KernelEvent> batch;
    while (!queue_.empty() && queue_.front().first <= schedule_.now()) {
        batch.push_back(std::move(queue_.front().second));
        queue_.pop_front();
    }
    if (loss_untold_ && schedule_.now() >= lost_until_) {
        loss_untold_ = false;
        batch.insert(batch.begin(), event::EventsMissed{name_});
    } else if (loss_untold_) {
        schedule_.at(lost_until_, [this, listener] { pump(listener); });
    }
    if (!batch.empty()) {
        deliver_(batch);
    }
}

}  // namespace slotd::sim
