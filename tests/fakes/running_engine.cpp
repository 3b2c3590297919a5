#include "tests/fakes/running_engine.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot_status.hpp"
#include "history/news.hpp"

namespace slotd::fakes {

coordinator::Settings RunningEngine::settings(policy::Level level, bool automatic_action,
                                              Duration soak) {
    coordinator::Settings made;
    made.policy.defaults.level = level;
    made.policy.defaults.automatic_action = automatic_action;
    made.policy.defaults.soak = soak;
    made.session = 0x1000;
    return made;
}

RunningEngine::RunningEngine(FakeMachine world, policy::Level level, bool automatic_action,
                             Duration soak)
    : RunningEngine(std::move(world), settings(level, automatic_action, soak)) {}

RunningEngine::RunningEngine(FakeMachine world, const coordinator::Settings& settings)
    : machine(std::move(world)),
      engine(settings, {machine, machine, machine, machine, machine, machine}) {
    engine.start(machine.scan().value(), now);  // a fake machine always has its ports
    engine.history_said(history::Opened{}, now);
}

void RunningEngine::finish_effects(int most) {
    for (int ended = 0; ended < most;) {
        write_history();
        const bool survey = !machine.started.empty() && std::holds_alternative<action::SurveyUse>(
                                                            machine.started.front().second);
        ended += survey ? 0 : 1;
        const auto before = machine.ports;
        const auto next = machine.finish_next();
        if (!next) {
            return;
        }
        tell_of_functions(before);
        engine.effect_finished(next->first, next->second, now);
    }
}

void RunningEngine::tell_of_functions(const std::map<pci::Address, FakePort>& before) {
    for (const auto& [address, port] : machine.ports) {
        const auto& was = before.at(address).enumerated;
        if (was && was != port.enumerated) {
            say(event::HotplugSeen{first_function(port), event::HotplugKind::Removed});
        }
        if (port.enumerated && was != port.enumerated) {
            say(event::HotplugSeen{first_function(port), event::HotplugKind::Added});
        }
    }
}

void RunningEngine::write_history() {
    while (history_writes && !machine.unwritten.empty()) {
        const history::Ticket ticket = machine.unwritten.front();
        machine.unwritten.pop_front();
        engine.history_said(history::Written{ticket, {}}, now);
    }
}

void RunningEngine::pass(Duration much) {
    const Instant end = now + much;
    finish_effects();
    while (engine.next_deadline() <= end) {
        now = std::max(now, engine.next_deadline());
        engine.time_passed(now);
        if (const auto sampled = machine.finish_sample()) {
            engine.sampled(sampled->first, sampled->second, now);
        }
        finish_effects();
    }
    now = end;
}

void RunningEngine::say(const event::KernelEvent& event) {
    engine.kernel_said(event, now);
    engine.kernel_drained(now);
}

event::RequestId RunningEngine::ask(const char* port, event::ResetMethod method, bool force) {
    event::ResetRequested request;
    request.request = ++last_request_;
    request.port = at(port);
    request.method = method;
    request.requester.reason = "test";
    request.force = force;
    engine.submit(request, now);
    return request.request;
}

std::string RunningEngine::phase(const char* port) const {
    return coordinator::name_of(engine.coordinator().slots().at(at(port)).phase);
}

std::vector<std::string> RunningEngine::gates(const char* port) const {
    for (const coordinator::SlotStatus& status : engine.coordinator().statuses(now)) {
        if (status.port == at(port)) {
            return status.gates;
        }
    }
    return {"no such slot"};
}

}  // namespace slotd::fakes
