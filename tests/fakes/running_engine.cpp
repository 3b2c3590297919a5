#include "tests/fakes/running_engine.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/phase.hpp"
#include "coordinator/slot_status.hpp"

namespace slotd::fakes {

namespace {

coordinator::Settings settings(policy::Level level, bool automatic_action) {
    coordinator::Settings made;
    made.level = level;
    made.automatic_action = automatic_action;
    made.session = 0x1000;
    return made;
}

}  // namespace

RunningEngine::RunningEngine(FakeMachine world, policy::Level level, bool automatic_action)
    : machine(std::move(world)),
      engine(settings(level, automatic_action), {machine, machine, machine, machine}) {
    (void)engine.start(now);  // a fake machine always has its ports
}

void RunningEngine::finish_effects(int most) {
    for (int ended = 0; ended < most; ++ended) {
        const auto next = machine.finish_next();
        if (!next) {
            return;
        }
        engine.effect_finished(next->first, next->second, now);
    }
}

void RunningEngine::pass(Duration much) {
    const Instant end = now + much;
    finish_effects();
    while (engine.next_deadline() <= end) {
        now = std::max(now, engine.next_deadline());
        engine.time_passed(now);
        finish_effects();
    }
    now = end;
}

void RunningEngine::say(const event::KernelEvent& event) {
    engine.kernel_said(event, now);
    engine.kernel_drained(now);
}

event::RequestId RunningEngine::ask(const char* port, event::ResetMethod method) {
    event::ResetRequested request;
    request.request = ++last_request_;
    request.port = at(port);
    request.method = method;
    request.requester.reason = "test";
    engine.submit(request, now);
    return request.request;
}

std::string RunningEngine::phase(const char* port) const {
    return coordinator::name_of(engine.coordinator().slots().at(at(port)).phase);
}

std::vector<std::string> RunningEngine::gates(const char* port) const {
    for (const coordinator::SlotStatus& status : engine.coordinator().statuses()) {
        if (status.port == at(port)) {
            return status.gates;
        }
    }
    return {"no such slot"};
}

}  // namespace slotd::fakes
