#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// slotd's side of slotd-exec: sends effects, brings their outcomes. Nothing but close_and_wait()
/// waits.
///
/// The callbacks are called from readable() only, never from start(): who starts an effect is not
/// called back while it does. They may call start().
class ExecutorClient : public engine::Executor, public engine::Samples {
public:
    using OnOutcome = std::function<void(event::EffectId, event::Outcome)>;
    /// slotd-exec has ended, and every effect was answered with ExecutorLost; launch() starts
    /// another. `how` is for a line: "exit code 4", "signal 9".
    using OnEnded = std::function<void(const std::string& how)>;

    ExecutorClient(OnOutcome on_outcome, OnEnded on_ended);
    /// Closes the socket: slotd-exec opens all gates and ends by itself.
    ~ExecutorClient() override;
    ExecutorClient(const ExecutorClient&) = delete;
    ExecutorClient& operator=(const ExecutorClient&) = delete;

    /// Starts `command` (program, then arguments) with `--fd N` added, over a socket pair. It gets
    /// a process group of its own, so that a Ctrl-C reaches slotd alone, which then ends the
    /// conversation. Busy while an earlier one has not ended: it may still be opening gates.
    Status launch(const std::vector<std::string>& command);
    /// Uses a connected SOCK_SEQPACKET socket to a slotd-exec that somebody else started.
    Status adopt(UniqueFd socket);
    /// Uses the slotd-exec that listens at `path`, or that systemd starts for that. Busy where as
    /// many wait there as may: one that accepts nobody would else be waited for without end.
    Status connect(const std::string& path);

    /// Never waits. Where slotd-exec is not there, or too many requests wait for it, the outcome
    /// (ExecutorLost, Refused) comes with the next readable(). Of the looks at slots only
    /// kLooksAtOnceMax are with slotd-exec at a time, and the rest wait here: when all slots are
    /// looked at, a gate still finds a worker.
    void start(event::EffectId id, const action::Effect& effect) override;
    /// The same with descriptors, which are sent at once or never: none is duplicated, and the
    /// caller's own can be closed right after. Refused where the socket takes no more now.
    void lend(event::EffectId id, const action::Effect& effect, std::span<const UniqueFd> fds);
    /// Likewise; what waits for the answer of a sample is told as for an effect.
    void sample(event::EffectId id, std::vector<event::PortSample> ports) override;

    /// One descriptor for the event loop, readable when readable() has something to do; the same
    /// for the life of this object.
    int fd() const { return epoll_.get(); }

    void readable();

    /// There is a slotd-exec to send to.
    bool connected() const { return static_cast<bool>(socket_); }

    /// Effects that have not been answered, those whose worker is wedged included.
    std::size_t outstanding() const { return asked_.size() + wedged_.size(); }

    pid_t pid() const { return pid_; }

    /// Ends the conversation and waits until slotd-exec has opened all gates and ended; TimedOut
    /// where it takes longer. Its exit code 5, a gate is still closed, is an Error too; that of one
    /// that somebody else started is known to whoever did.
    Status close_and_wait(Duration patience);

private:
    struct Local {
        event::EffectId id;
        event::Outcome outcome;
    };

    Status watch(int fd);
    void wake();
    void send_request(event::EffectId id, Bytes request);
    void look_ended(event::EffectId id);
    void flush();
    void receive_all();
    void deliver(event::EffectId id, event::Outcome outcome);
    void deliver_local();
    void disconnect();
    bool reap();

    OnOutcome on_outcome_;
    OnEnded on_ended_;
    UniqueFd epoll_;
    UniqueFd wakeup_;
    UniqueFd socket_;
    UniqueFd process_;  // pidfd, readable when slotd-exec has ended
    pid_t pid_ = -1;
    std::string how_ended_;
    int exit_code_ = 0;
    bool ended_untold_ = false;
    std::deque<Bytes> unsent_;
    std::deque<Local> local_;
    std::unique_ptr<std::uint8_t[]> room_;  ///< for an answer, made once: it is in the way of each
    std::deque<std::pair<event::EffectId, action::Effect>> looks_;  // to be sent; one for each slot
    std::set<event::EffectId> looking_;                             // with slotd-exec
    std::set<event::EffectId> asked_;
    std::set<event::EffectId> wedged_;
};

/// Well below the workers that slotd-exec has (CrewLimits::workers_max).
inline constexpr std::size_t kLooksAtOnceMax = 16;

/// The slotd-exec that lies beside the running program.
Result<std::string> executor_beside_us();

}  // namespace slotd::os
