#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "control/hook.hpp"
#include "event/outcome.hpp"
#include "os/control_client.hpp"
#include "os/event_loop.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"

namespace slotd::daemon {

/// Whoever listens on a socket in one directory is a hook: asked before each attempt, all at once,
/// and told of its end. Nothing here blocks, and slotd starts no program: what a hook does, it does
/// with its own rights.
class Hooks {
public:
    static constexpr std::size_t kHooksMax = 16;

    /// `ended`: Done when all have agreed or there is none, Refused with the first objection; comes
    /// from the loop, never from within ask().
    using Ended = std::function<void(event::EffectId, const event::Outcome&)>;

    Hooks(std::string directory, Duration patience, os::EventLoop& loop, Ended ended);

    /// From the next question on.
    void reconfigure(std::string directory, Duration patience);
    /// Without an answer after the patience, silence is an objection.
    void ask(event::EffectId id, control::HookQuestion question);
    /// Who would be asked now: the names of the sockets, at most kHooksMax.
    Result<std::vector<std::string>> names() const;
    /// Only where somebody was asked about that port before.
    void tell(const control::HookEnd& end);

private:
    struct Asked {
        std::string name;  ///< of its socket
        os::ControlClient client;
        os::Watch watch;
    };

    struct Inquiry {
        event::EffectId id = 0;
        std::list<Asked> open;
        std::optional<std::string> objection;
        os::Timer timer;
        bool over = false;
    };

    void nobody_objects(event::EffectId id);
    Status begin(Inquiry& inquiry, const std::string& name, const std::string& call);
    void hear(Inquiry& inquiry, std::list<Asked>::iterator asked);
    void settle(Inquiry& inquiry);
    void passed(Inquiry& inquiry);

    std::string directory_;
    Duration patience_;
    os::EventLoop& loop_;
    Ended ended_;
    std::list<Inquiry> inquiries_;
    std::set<pci::Address> asked_;  ///< ports whose attempt somebody waits to hear the end of
    std::vector<event::EffectId> unasked_;
    // Most machines have no hook, and pay for a turn of the loop; a timer may be a millisecond
    // late.
    os::UniqueFd unasked_wake_;
    os::Watch unasked_watch_;
};

}  // namespace slotd::daemon
