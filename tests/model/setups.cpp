#include "tests/model/setups.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "event/request.hpp"
#include "policy/level.hpp"
#include "policy/limits.hpp"
#include "tests/model/state.hpp"
#include "tests/model/world.hpp"

namespace slotd::model {

using event::ResetMethod;
using namespace std::chrono_literals;
using policy::Level;

policy::Limits small_limits() {
    policy::Limits limits;
    limits.recovery_quiet = 100ms;
    limits.verification_look = 100ms;
    limits.hotplug_quiet = 100ms;
    limits.cool_down = 100ms;
    limits.change_confirmed = 100ms;
    limits.whole_look = 200ms;
    limits.reservation = 200ms;
    limits.announced_only = 200ms;
    limits.retry = 200ms;
    limits.hotplug = 300ms;
    limits.kernel_recovery = 400ms;
    limits.turn = 600ms;
    limits.waiting_requests_max = 1;
    limits.budget = 1;
    limits.budget_root_port = 2;
    limits.budget_host = 2;
    // Longer than any way through the model: what was spent stays spent, and its age tells nothing.
    limits.budget_window = std::chrono::hours(24 * 365 * 100);
    return limits;
}

namespace {

/// Everything that can go wrong, once, at one slot.
Setup one_slot_once(Level level) {
    Setup setup;
    setup.name = std::string("one slot, anything, ") + to_text(level);
    setup.world = one_slot();
    setup.level = level;
    setup.soak = 100ms;
    setup.methods = {ResetMethod::Auto, ResetMethod::Reenumerate};
    setup.errors = {ErrorNews::Fatal, ErrorNews::NonFatal, ErrorNews::BeginOnly, ErrorNews::Nothing,
                    ErrorNews::NothingFollows};
    setup.allowance = {.acts = 1,
                       .errors = 1,
                       .hotplugs = 1,
                       .requests = 1,
                       .faults = 1,
                       .losses = 1,
                       .crashes = 1};
    return setup;
}

/// The card's error and hands at the slot at the same time: the fight that slotd exists for.
Setup error_and_hotplug(Level level) {
    Setup setup = one_slot_once(level);
    setup.name = std::string("one slot, error and hot-plug, ") + to_text(level);
    setup.soak = Duration::zero();
    setup.errors = {ErrorNews::Fatal, ErrorNews::Nothing};
    setup.allowance = {.acts = 2, .errors = 1, .hotplugs = 1};
    return setup;
}

/// What slotd does about an error goes wrong, or either of its processes dies in it.
Setup error_and_fault(Level level) {
    Setup setup = error_and_hotplug(level);
    setup.name = std::string("one slot, error and fault, ") + to_text(level);
    setup.allowance = {.acts = 2, .errors = 1, .faults = 1, .losses = 1, .crashes = 1};
    return setup;
}

/// What an operator asked for goes wrong, or either of the processes dies in it.
Setup request_and_fault(Level level) {
    Setup setup = one_slot_once(level);
    setup.name = std::string("one slot, request and fault, ") + to_text(level);
    setup.soak = Duration::zero();
    setup.allowance = {.acts = 2, .requests = 1, .faults = 1, .crashes = 1};
    return setup;
}

/// Everything that can go wrong with one of two slots, once: that the other one knows.
Setup nested_slots_once(Level level) {
    Setup setup = one_slot_once(level);
    setup.name = std::string("nested slots, ") + to_text(level);
    setup.world = nested_slots();
    setup.soak = Duration::zero();
    setup.methods = {ResetMethod::Auto};
    setup.errors = {ErrorNews::BeginOnly};
    return setup;
}

/// Two slots that share a token, and an error.
Setup nested_slots_and_token() {
    Setup setup = nested_slots_once(Level::Exclusive);
    setup.name = "nested slots, exclusive, an error";
    setup.automatic_action = false;
    setup.allowance = {.acts = 1, .errors = 1};
    return setup;
}

/// Two slots that want their turn from each other.
Setup nested_slots_in_turns(Level level) {
    Setup setup = nested_slots_once(level);
    setup.name = std::string("turns of nested slots, ") + to_text(level);
    setup.automatic_action = false;
    setup.methods = {ResetMethod::Reenumerate};
    setup.allowance = {.acts = 2, .requests = 2};
    return setup;
}

/// One slot that wants its turn from the kernel, at work in the other.
Setup nested_slots_and_kernel(Level level) {
    Setup setup = nested_slots_in_turns(level);
    setup.name = std::string("nested slots and the kernel, ") + to_text(level);
    setup.allowance = {.acts = 2, .errors = 1, .requests = 1};
    return setup;
}

}  // namespace

std::vector<Setup> all_setups() {
    std::vector<Setup> all;
    for (const Level level : {Level::Fence, Level::Exclusive, Level::Observe}) {
        all.push_back(one_slot_once(level));
        all.push_back(error_and_hotplug(level));
        all.push_back(error_and_fault(level));
        all.push_back(request_and_fault(level));
    }
    for (const Level level : {Level::Fence, Level::Observe}) {
        all.push_back(nested_slots_once(level));
    }
    all.push_back(nested_slots_and_token());
    // Turns are the same at every level; without gates two operations at a time can be explored
    // in full.
    all.push_back(nested_slots_in_turns(Level::Observe));
    all.push_back(nested_slots_and_kernel(Level::Observe));
    return all;
}

}  // namespace slotd::model
