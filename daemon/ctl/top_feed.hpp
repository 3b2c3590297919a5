#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "os/control_client.hpp"

namespace slotd::ctl {

/// What a view of slotd that is kept up to date has to know: decisions as they come, and after them
/// the slots. Two connections: one subscribes, one asks for the list. Never waits, but for the
/// moment that a connect takes. A connection that is lost is made again.
class TopFeed {
public:
    using Clock = std::chrono::steady_clock;

    explicit TopFeed(std::string socket) : socket_(std::move(socket)) {}

    struct News {
        std::vector<control::RecordReply> records;
        std::optional<std::vector<coordinator::SlotStatus>> slots;
        std::optional<std::string> trouble;  ///< empty: there is none any more
    };

    /// Descriptors to wait for; -1 for none.
    int records_fd() const { return records_ ? records_->fd() : -1; }

    int slots_fd() const { return slots_ ? slots_->fd() : -1; }

    /// When go_on() wants to be called although nothing is readable; nullopt: not before.
    std::optional<Clock::time_point> wake_at() const;

    /// Reads what has come, asks what is to be asked.
    News go_on(Clock::time_point now);

    /// The list is asked for although nothing was said.
    void refresh() { stale_ = true; }

private:
    bool connect();
    void lose(const std::string& why, Clock::time_point now, News& news);
    bool take_records(News& news, std::string& why);
    bool take_slots(News& news, std::string& why);

    std::string socket_;
    std::optional<os::ControlClient> records_;
    std::optional<os::ControlClient> slots_;
    bool stale_ = true;   ///< something was decided since the list was asked for
    bool asked_ = false;  ///< the list is under way
    bool lost_ = false;   ///< trouble was told
    Clock::time_point ask_after_{};
    Clock::time_point connect_after_{};
};

}  // namespace slotd::ctl
