#include "tests/sim/plan.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/random.hpp"

namespace slotd::sim {

using namespace std::chrono_literals;

namespace {

struct Weight {
    Trouble trouble;
    unsigned of;
};

constexpr std::array kWeights{
    Weight{Trouble::CardOut, 10},       Weight{Trouble::CardIn, 10},
    Weight{Trouble::Swap, 10},          Weight{Trouble::LinkFlap, 12},
    Weight{Trouble::CorrectedError, 3}, Weight{Trouble::NonFatalError, 8},
    Weight{Trouble::FatalError, 18},    Weight{Trouble::ErrorStorm, 3},
    Weight{Trouble::CardDies, 5},       Weight{Trouble::AllOnes, 5},
    Weight{Trouble::OtherDriver, 3},    Weight{Trouble::EffectFault, 14},
    Weight{Trouble::LookFault, 5},      Weight{Trouble::Request, 20},
    Weight{Trouble::UeventsLost, 5},    Weight{Trouble::UeventsLate, 5},
    Weight{Trouble::Hold, 4},           Weight{Trouble::Release, 5},
    Weight{Trouble::DriverWedged, 2},   Weight{Trouble::HistorySlow, 3},
    Weight{Trouble::HistoryBroken, 3},  Weight{Trouble::ExecutorCrash, 4},
    Weight{Trouble::SlotdCrash, 3},     Weight{Trouble::Reload, 8},
};

Trouble draw(Random& random) {
    unsigned all = 0;
    for (const Weight& weight : kWeights) {
        all += weight.of;
    }
    auto left = random.below(all);
    for (const Weight& weight : kWeights) {
        if (left < weight.of) {
            return weight.trouble;
        }
        left -= weight.of;
    }
    return Trouble::LinkFlap;
}

/// Mostly the port itself, else one whose fate hangs on it.
pci::Address near(Random& random, const Machine& machine, const pci::Address& port) {
    if (random.chance(750)) {
        return port;
    }
    std::vector<pci::Address> relatives;
    for (const auto& [address, other] : machine.ports) {
        if (other.root_port == machine.find(port)->root_port) {
            relatives.push_back(address);
        }
    }
    return random.pick(relatives);
}

}  // namespace

const char* to_text(Trouble trouble) {
    switch (trouble) {
        case Trouble::CardOut:
            return "card out";
        case Trouble::CardIn:
            return "card in";
        case Trouble::Swap:
            return "card swapped";
        case Trouble::LinkFlap:
            return "link flap";
        case Trouble::CorrectedError:
            return "corrected error";
        case Trouble::NonFatalError:
            return "non-fatal error";
        case Trouble::FatalError:
            return "fatal error";
        case Trouble::ErrorStorm:
            return "error storm";
        case Trouble::CardDies:
            return "card dies";
        case Trouble::AllOnes:
            return "port reads as all ones";
        case Trouble::OtherDriver:
            return "driver comes or goes";
        case Trouble::EffectFault:
            return "next effect goes wrong";
        case Trouble::LookFault:
            return "next look goes wrong";
        case Trouble::Request:
            return "operator asks for a reset";
        case Trouble::Hold:
            return "operator holds the slot";
        case Trouble::Release:
            return "operator releases the slot";
        case Trouble::DriverWedged:
            return "driver asks for recovery (WEDGED=)";
        case Trouble::HistorySlow:
            return "disk of the history slow";
        case Trouble::HistoryBroken:
            return "disk of the history broken";
        case Trouble::UeventsLost:
            return "events lost";
        case Trouble::UeventsLate:
            return "events late";
        case Trouble::ExecutorCrash:
            return "slotd-exec killed";
        case Trouble::SlotdCrash:
            return "slotd killed";
        case Trouble::Reload:
            return "another configuration";
    }
    return "unknown";
}

std::vector<Planned> make_plan(Random& random, const Machine& machine, Duration horizon) {
    std::vector<pci::Address> ports;
    for (const auto& [address, port] : machine.ports) {
        ports.push_back(address);
    }
    std::vector<Planned> plan;
    const std::size_t episodes = 1 + random.below(8);
    for (std::size_t episode = 0; episode < episodes; ++episode) {
        const pci::Address port = random.pick(ports);
        Duration at = random.between(0s, horizon);
        const std::size_t troubles = 1 + random.below(7);
        for (std::size_t index = 0; index < troubles; ++index) {
            plan.push_back({at, draw(random), near(random, machine, port), random.next()});
            at += random.chance(700)   ? random.between(0ms, 400ms)
                  : random.chance(700) ? random.between(0s, 5s)
                                       : random.between(0s, 60s);
        }
    }
    std::ranges::stable_sort(plan, {}, &Planned::at);
    return plan;
}

}  // namespace slotd::sim
