#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/options.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "os/event_loop.hpp"
#include "os/executor_client.hpp"
#include "os/loans.hpp"

namespace slotd::daemon {

/// Keeps a slotd-exec running: starts the one beside slotd, or connects to the socket where systemd
/// starts one; again when it dies; gives up when that happens too often, or when nobody takes the
/// connection. One that says nothing (it is stopped, or hangs) is left alone and told of: what it
/// has closed only it can open, and another could not start beside it.
class ExecutorKeeper final : public engine::Executor, public engine::Samples {
public:
    struct News {
        std::function<void(event::EffectId, const event::Outcome&)> outcome;
        std::function<void(event::EffectId, const event::Outcome&)> sampled;
        std::function<void()> restarted;  ///< there is another; all gates are open again
        std::function<void()> lost;       ///< there will be no more of them
    };

    /// How much longer than an effect's own deadline slotd-exec may take to answer before that is
    /// said.
    static constexpr Duration kPatience = std::chrono::seconds(5);

    ExecutorKeeper(const Options& options, os::EventLoop& loop, engine::RecordSink& records,
                   News news, Duration patience = kPatience);

    /// Where the socket of slotd-exec takes no connection now it is tried again, and effects are
    /// lost until then; `restarted` says when they are not.
    Status launch();

    /// A ResetByLentFds takes its loan with it; without one, slotd-exec refuses it.
    void start(event::EffectId id, const action::Effect& effect) override;

    /// A slotd-exec that does not answer is not told of for a sample: what follows is.
    void sample(event::EffectId id, std::vector<event::PortSample> ports) override;

    /// What clients have lent, by request.
    os::Loans& loans() { return loans_; }

    /// Why nothing that is asked for is done now; nullopt where it is, as far as slotd knows.
    std::optional<std::string> problem() const;

    /// How many slotd-exec have ended without being told to.
    std::uint32_t deaths() const { return deaths_total_; }

    int fd() const { return client_.fd(); }

    void readable() { client_.readable(); }

    /// Lets slotd-exec open every gate and end.
    Status close(Duration patience);

private:
    void ended(const std::string& how);
    void answered(event::EffectId id, const event::Outcome& outcome);
    Status arm();
    void passed();
    void connect_again();
    void say(action::Priority priority, std::string text);

    const Options& options_;
    os::EventLoop& loop_;
    engine::RecordSink& records_;
    News news_;
    Duration patience_;
    std::deque<Instant> deaths_;
    std::uint32_t deaths_total_ = 0;
    std::map<event::EffectId, Instant> asked_;  ///< and when the answer is overdue
    std::set<event::EffectId> sampling_;
    std::optional<Instant> silent_since_;  ///< when the first overdue effect was asked for
    std::optional<Instant> give_up_at_;    ///< while nobody takes the connection
    os::Timer timer_;
    os::Loans loans_;
    os::ExecutorClient client_;
};

}  // namespace slotd::daemon
