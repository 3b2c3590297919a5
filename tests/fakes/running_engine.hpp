#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "engine/engine.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "policy/level.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::fakes {

/// An engine on a fake machine with a clock that the test moves.
class RunningEngine {
public:
    /// No soak where none is given: most tests are not about it.
    static coordinator::Settings settings(policy::Level level, bool automatic_action,
                                          Duration soak = Duration::zero());
    RunningEngine(FakeMachine world, policy::Level level, bool automatic_action,
                  Duration soak = Duration::zero());

    RunningEngine(FakeMachine world, const coordinator::Settings& settings);

    FakeMachine machine;
    Instant now{};
    engine::Engine engine;

    bool history_writes = true;  ///< otherwise reservations stay unanswered

    /// Ends effects, oldest first, until none is started any more or `most` have ended, surveys not
    /// counted. What the
    /// history has to write is written in between.
    void finish_effects(int most = 1000);
    /// Moves the clock to each deadline up to `much` from now and ends effects in between.
    void pass(Duration much);
    void say(const event::KernelEvent& event);
    /// Gives the request a number; its answer is in machine.answers.
    event::RequestId ask(const char* port, event::ResetMethod method, bool force = false);
    std::string phase(const char* port) const;
    std::vector<std::string> gates(const char* port) const;

private:
    void write_history();
    /// The uevents of what an effect has made of the enumeration since `before`.
    void tell_of_functions(const std::map<pci::Address, FakePort>& before);

    event::RequestId last_request_ = 0;
};

}  // namespace slotd::fakes
