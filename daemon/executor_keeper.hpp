#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/options.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "os/event_loop.hpp"
#include "os/executor_client.hpp"
#include "os/loans.hpp"

namespace slotd::daemon {

/// Keeps a slotd-exec running: starts the one beside slotd, or connects to the socket where systemd
/// starts one; again when it dies; gives up when that happens too often.
class ExecutorKeeper final : public engine::Executor {
public:
    struct News {
        std::function<void(event::EffectId, const event::Outcome&)> outcome;
        std::function<void()> restarted;  ///< all gates are open again
        std::function<void()> lost;       ///< there will be no more of them
    };

    ExecutorKeeper(const Options& options, const os::EventLoop& loop, engine::RecordSink& records,
                   News news);

    Status launch();

    /// A ResetByLentFds takes its loan with it; without one, slotd-exec refuses it.
    void start(event::EffectId id, const action::Effect& effect) override;

    /// What clients have lent, by request.
    os::Loans& loans() { return loans_; }

    /// How many slotd-exec have ended without being told to.
    std::uint32_t deaths() const { return deaths_total_; }

    int fd() const { return client_.fd(); }

    void readable() { client_.readable(); }

    /// Lets slotd-exec open every gate and end.
    Status close(Duration patience);

private:
    void ended(const std::string& how);

    const Options& options_;
    const os::EventLoop& loop_;
    engine::RecordSink& records_;
    News news_;
    std::deque<Instant> deaths_;
    std::uint32_t deaths_total_ = 0;
    os::Loans loans_;
    os::ExecutorClient client_;
};

}  // namespace slotd::daemon
