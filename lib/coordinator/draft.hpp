#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/step.hpp"
#include "event/outcome.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

/// A Step while it is being decided: the slot as it will be, and what has been asked for so far.
/// Lives inside one call of step(); outside of it only values are seen.
class Draft {
public:
    Draft(Slot&& slot, Instant now, const policy::Limits& limits);

    Slot slot;
    const Instant now;
    const policy::Limits& limits;

    /// Goes to `next`; the line says why.
    void enter(SlotPhase next, action::Priority priority, const std::string& why);

    /// Replaces the slot's script and starts it. A look that is under way is forgotten; an effect
    /// that moves a gate or a card is waited for first, so that two never work on one slot.
    void run(std::vector<action::Effect> script);
    /// Starts the next effect of the script unless one is under way. False: the script is through.
    bool start_next();
    /// run() of a single look.
    void look();

    /// Of the incident that is open, or that was closed just before: its story ends where the slot
    /// rests.
    void tell(action::Priority priority, action::RecordKind kind, std::string text);
    void open_incident(const std::string& cause);
    void close_incident(action::Priority priority, const std::string& how, bool frozen = false);
    void answer(const std::optional<Operation>& operation, bool succeeded, const char* outcome,
                const std::string& text);

    /// The end of the current attempt, where one was reserved, goes to the history; once.
    /// The slot is well without an incident of its own to say so: the history hears of it.
    void settle(const std::string& how);
    void end_attempt(Operation& operation, bool well, bool ambiguous, const std::string& how);

    void act(Action action) { actions_.push_back(std::move(action)); }

    /// Ends the draft; records get the phase that the slot is in now.
    Step done() &&;

private:
    std::vector<Action> actions_;
    std::uint64_t closed_incident_ = 0;
};

}  // namespace slotd::coordinator
