#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"
#include "tests/sim/executor.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/simulation.hpp"

// How the entries of a plan happen.

namespace slotd::sim {

using namespace std::chrono_literals;

namespace {

EffectFault draw_fault(Random& random) {
    const auto drawn = random.below(100);
    return drawn < 35   ? EffectFault::Fails
           : drawn < 55 ? EffectFault::Slow
           : drawn < 75 ? EffectFault::WorkerDies
           : drawn < 93 ? EffectFault::HangsLate
                        : EffectFault::HangsEver;
}

const char* to_text(EffectFault fault) {
    switch (fault) {
        case EffectFault::Fails:
            return "fails";
        case EffectFault::Slow:
            return "is slow";
        case EffectFault::HangsLate:
            return "comes back after its deadline";
        case EffectFault::HangsEver:
            return "never comes back";
        case EffectFault::WorkerDies:
            return "loses its worker";
    }
    return "unknown";
}

}  // namespace

void Simulation::happen(const Planned& planned) {
    SimPort& port = machine_.ports.at(planned.port);
    Random random(planned.salt);
    trace_.line(schedule_.now(), planned.port, std::string("* ") + to_text(planned.trouble));
    switch (planned.trouble) {
        case Trouble::CardOut:
        case Trouble::CardIn:
        case Trouble::Swap:
        case Trouble::LinkFlap:
        case Trouble::CorrectedError:
        case Trouble::NonFatalError:
        case Trouble::FatalError:
        case Trouble::ErrorStorm:
        case Trouble::CardDies:
        case Trouble::AllOnes:
        case Trouble::OtherDriver:
        case Trouble::DriverWedged:
            happen_to_hardware(planned, port, random);
            return;
        case Trouble::EffectFault:
        case Trouble::LookFault:
        case Trouble::Request:
        case Trouble::Hold:
        case Trouble::Release:
        case Trouble::HistorySlow:
        case Trouble::HistoryBroken:
        case Trouble::UeventsLost:
        case Trouble::UeventsLate:
        case Trouble::ExecutorCrash:
        case Trouble::SlotdCrash:
        case Trouble::Reload:
            happen_to_slotd(planned, port, random);
            return;
    }
}

void Simulation::change_card(SimPort& port, Random& random) {
    if (port.card) {
        const Card old = *port.card;
        kernel_.card_out(port);
        const bool twin = old.ports.empty() && random.chance(400);
        Card fresh = twin ? cards_.twin_of(old) : cards_.card();
        schedule_.after(random.between(0ms, 3s), [this, at = port.address, fresh] {
            SimPort& later = machine_.ports.at(at);
            if (!later.card && machine_.answers(later)) {
                note(at, "another card is put in");
                kernel_.card_in(later, fresh);
            }
        });
    }
}

void Simulation::errors(SimPort& port, event::Severity severity, int count, Random& random) {
    if (!port.enumerated) {
        return;
    }
    for (int index = 0; index < count; ++index) {
        const pci::Address function = random.pick(port.enumerated->functions).address;
        const bool found = !random.chance(50);
        schedule_.after(index * random.between(0ms, 100ms), [this, function, severity, found] {
            kernel_.error(function, severity, found);
        });
    }
}

void Simulation::happen_to_hardware(const Planned& planned, SimPort& port, Random& random) {
    // A card that is not connected can neither be pulled nor speak.
    if (!machine_.answers(port)) {
        return;
    }
    const Trouble trouble = planned.trouble;
    if (trouble == Trouble::CardOut || trouble == Trouble::CardIn || trouble == Trouble::Swap) {
        move_card(trouble, port, random);
    } else if (trouble == Trouble::LinkFlap && port.card && port.link_up) {
        kernel_.link_flaps(
            port, random.chance(700) ? random.between(5ms, 200ms) : random.between(200ms, 5s));
    } else if (trouble == Trouble::CorrectedError) {
        errors(port, event::Severity::Corrected, 1, random);
    } else if (trouble == Trouble::NonFatalError) {
        errors(port, event::Severity::NonFatal, 1, random);
    } else if (trouble == Trouble::FatalError) {
        errors(port, event::Severity::Fatal, 1, random);
    } else if (trouble == Trouble::ErrorStorm) {
        errors(port, random.chance(500) ? event::Severity::Fatal : event::Severity::NonFatal,
               5 + static_cast<int>(random.below(30)), random);
    } else if (trouble == Trouble::CardDies && port.card && port.card->ports.empty()) {
        port.card->dead = true;
    } else if (trouble == Trouble::AllOnes) {
        port.all_ones_until = schedule_.now() + random.between(10ms, 3s);
    } else if (trouble == Trouble::OtherDriver && port.enumerated) {
        kernel_says(event::HotplugSeen{port.enumerated->functions.front().address,
                                       random.chance(500) ? event::HotplugKind::DriverUnbound
                                                          : event::HotplugKind::DriverBound});
    } else if (trouble == Trouble::DriverWedged && port.enumerated) {
        kernel_says(event::DeviceWedged{port.enumerated->functions.front().address,
                                        {event::WedgedMethod::BusReset}});
    }
}

void Simulation::move_card(Trouble trouble, SimPort& port, Random& random) {
    if (!port.hotplug()) {
        return;
    }
    if (trouble == Trouble::Swap) {
        change_card(port, random);
    } else if (trouble == Trouble::CardOut && port.card) {
        if (random.chance(400)) {
            errors(port, event::Severity::Fatal, 1, random);  // surprise down
        }
        kernel_.card_out(port);
    } else if (trouble == Trouble::CardIn && !port.card) {
        const bool home = port.switch_home && random.chance(600);
        kernel_.card_in(port, home ? *port.switch_home : cards_.card());
    }
}

void Simulation::happen_to_slotd(const Planned& planned, SimPort& port, Random& random) {
    if (planned.trouble == Trouble::EffectFault) {
        const EffectFault fault = draw_fault(random);
        trace_.line(schedule_.now(), port.address, std::string("  it ") + to_text(fault));
        executor_.arm(port.address, fault);
    } else if (planned.trouble == Trouble::LookFault) {
        const EffectFault fault = draw_fault(random);
        trace_.line(schedule_.now(), port.address, std::string("  it ") + to_text(fault));
        executor_.arm_look(port.address, fault);
    } else if (planned.trouble == Trouble::Request) {
        ask(port, random);
    } else if (planned.trouble == Trouble::Hold) {
        ask_for_hold(port, random);
    } else if (planned.trouble == Trouble::Release) {
        ask_for_release(port);
    } else if (planned.trouble == Trouble::HistorySlow) {
        history_.slow_down(random.between(10ms, 8s), random.between(1s, 30s));
    } else if (planned.trouble == Trouble::HistoryBroken) {
        history_.break_for(random.between(100ms, 60s));
    } else if (planned.trouble == Trouble::UeventsLost) {
        Channel& channel = random.chance(800) ? uevents_ : trace_pipe_;
        channel.lose_for(random.between(1ms, 3s));
    } else if (planned.trouble == Trouble::UeventsLate) {
        const Duration late = random.between(10ms, 5s);
        uevents_.hold_for(late);
        if (random.chance(500)) {
            trace_pipe_.hold_for(late);
        }
    } else if (planned.trouble == Trouble::ExecutorCrash && engine_) {
        executor_.crash();
    } else if (planned.trouble == Trouble::Reload) {
        reconfigure(random);
    } else if (planned.trouble == Trouble::SlotdCrash && engine_) {
        kill_slotd();
        schedule_.after(random.between(200ms, 10s), [this] { start_slotd(); });
    }
}

void Simulation::ask(const SimPort& port, Random& random) {
    if (!engine_) {
        return;
    }
    static constexpr std::array kMethods{event::ResetMethod::Auto, event::ResetMethod::Flr,
                                         event::ResetMethod::Bus, event::ResetMethod::Slot,
                                         event::ResetMethod::Reenumerate};
    event::ResetRequested request;
    request.request = ++last_request_;
    request.port = port.address;
    request.method = kMethods.at(random.below(kMethods.size()));
    request.force = random.chance(500);
    if (port.enumerated && random.chance(300)) {
        request.function = random.pick(port.enumerated->functions).address;
    }
    request.requester.reason = "simulation";
    unanswered_.insert(request.request);
    trace_.line(schedule_.now(), port.address,
                std::string("  by ") + event::to_text(request.method));
    engine_->submit(request, schedule_.now());
}

void Simulation::reconfigure(Random& random) {
    static constexpr std::array kLevels{policy::Level::Observe, policy::Level::Fence,
                                        policy::Level::Exclusive};
    policy::SlotPolicy& all = settings_.policy.defaults;
    if (random.chance(600)) {
        all.level = kLevels.at(random.below(kLevels.size()));
    }
    if (random.chance(300)) {
        all.automatic_action = !all.automatic_action;
    }
    if (random.chance(300)) {
        settings_.limits.budget = static_cast<std::uint32_t>(random.below(6));
        settings_.limits.budget_window =
            random.chance(500) ? random.between(10s, 10min) : Duration(1h);
    }
    if (random.chance(200)) {
        all.steps = {policy::Rung::SlotReset, policy::Rung::Reenumerate};
    }
    if (random.chance(200)) {
        all.soak = random.chance(500) ? random.between(100ms, 3s) : Duration{};
    }
    note({}, fmt::format("slotd: configured anew: level {}, automatic action {}, budget {}",
                         policy::to_text(all.level), all.automatic_action ? "on" : "off",
                         settings_.limits.budget));
    witness_.configured(settings_.limits, acts(), engine_ ? &engine_->coordinator() : nullptr);
    if (engine_) {
        engine_->reconfigure(settings_.policy, settings_.limits, schedule_.now());
    }
}

void Simulation::ask_for_hold(const SimPort& port, Random& random) {
    if (!engine_) {
        return;
    }
    event::HoldRequested request;
    request.request = ++last_request_;
    request.port = port.address;
    request.lasts = random.between(1s, 60s);
    request.requester.reason = "simulation";
    unanswered_.insert(request.request);
    engine_->hold(request, schedule_.now());
}

void Simulation::ask_for_release(const SimPort& port) {
    if (!engine_) {
        return;
    }
    event::ReleaseRequested request;
    request.request = ++last_request_;
    request.port = port.address;
    request.requester.reason = "simulation";
    unanswered_.insert(request.request);
    witness_.released(port.address);
    engine_->release(request, schedule_.now());
}

}  // namespace slotd::sim
