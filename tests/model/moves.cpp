#include "tests/model/moves.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "pci/service.hpp"
#include "tests/model/state.hpp"
#include "tests/model/world.hpp"

namespace slotd::model {

namespace {

/// Collects moves, as long as the allowance lasts.
struct Choices {
    const State& state;
    const Setup& setup;
    std::vector<Move> moves;

    void add(MoveKind kind, std::size_t index = 0, std::size_t variant = 0) {
        moves.push_back(
            {kind, static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(variant)});
    }

    bool allowed(std::uint8_t left) const { return left > 0 && state.left.acts > 0; }
};

void kernel_goes_on(Choices& to) {
    const World& world = to.state.world;
    for (std::size_t port = 0; port < world.ports.size(); ++port) {
        if (world.exists(port) && world.ports[port].pciehp != Pciehp::Quiet) {
            to.add(MoveKind::PciehpWorks, port);
        }
    }
    if (world.recovering) {
        to.add(MoveKind::RecoverySucceeds);
    }
    for (std::size_t port = 0; port < world.ports.size(); ++port) {
        if (!world.ports[port].link_up) {
            to.add(MoveKind::LinkComesUp, port);
        }
    }
}

void news_arrive(Choices& to) {
    const World& world = to.state.world;
    if (!world.uevents.empty()) {
        to.add(MoveKind::UeventArrives);
    } else if (world.missed) {
        to.add(MoveKind::MissedIsRead);
    }
    if (!world.traces.empty()) {
        to.add(MoveKind::TraceArrives);
    }
}

void effects_end(Choices& to) {
    const World& world = to.state.world;
    for (std::size_t job = 0; job < world.jobs.size(); ++job) {
        if (world.jobs[job].stage == Stage::Asked && world.may_perform(world.jobs[job])) {
            to.add(MoveKind::EffectHappens, job);
        } else if (world.jobs[job].stage == Stage::Performed) {
            to.add(MoveKind::OutcomeArrives, job);
        }
    }
}

void effects_go_wrong(Choices& to) {
    const World& world = to.state.world;
    for (std::size_t index = 0; index < world.jobs.size(); ++index) {
        const Job& job = world.jobs[index];
        if (job.stage == Stage::Hanging) {
            if (world.may_perform(job)) {
                to.add(MoveKind::HungEffectHappens, index);
                to.add(MoveKind::HungEffectIsUndone, index);
            }
            continue;
        }
        if (!to.allowed(to.state.left.faults)) {
            continue;
        }
        if (job.stage == Stage::Performed) {
            to.add(MoveKind::WorkerDies, index, 1);
            continue;
        }
        to.add(MoveKind::EffectFails, index);
        to.add(MoveKind::WorkerDies, index, 0);
        to.add(MoveKind::EffectHangs, index);
        if (std::holds_alternative<action::ResetFunction>(job.effect) && world.may_perform(job)) {
            to.add(MoveKind::ResetIsTakenForUnplug, index);
        }
    }
}

/// The way of an error message up to the Root Port, where aer listens.
bool error_is_heard(const World& world, std::size_t port) {
    for (std::size_t at = port;; at = *world.ports[at].parent) {
        if (world.ports[at].fenced) {
            return false;
        }
        if (!world.ports[at].parent) {
            return world.ports[at].bound.contains(pci::Service::Aer);
        }
    }
}

void kernel_recovers(Choices& to) {
    const World& world = to.state.world;
    if (world.recovering) {
        to.add(MoveKind::RecoveryFails);
        to.add(MoveKind::RecoveryLeavesCardDead);
        to.add(MoveKind::RecoveryEndsUnheard);
        return;
    }
    if (!to.allowed(to.state.left.errors)) {
        return;
    }
    for (std::size_t port = 0; port < world.ports.size(); ++port) {
        const Port& one = world.ports[port];
        if (world.exists(port) && one.enumerated != kNoCard && one.card != kNoCard && one.link_up &&
            one.powered && error_is_heard(world, port)) {
            for (std::size_t news = 0; news < to.setup.errors.size(); ++news) {
                to.add(MoveKind::ErrorStrikes, port, news);
            }
        }
    }
}

void hands_meddle(Choices& to) {
    const World& world = to.state.world;
    const Allowance& left = to.state.left;
    for (std::size_t port = 0; port < world.ports.size(); ++port) {
        const Port& one = world.ports[port];
        if (to.allowed(left.hotplugs) && one.card != kNoCard) {
            to.add(MoveKind::CardIsPulled, port);
            if (one.link_up) {
                to.add(MoveKind::LinkIsLost, port);
            }
        } else if (to.allowed(left.hotplugs)) {
            to.add(MoveKind::CardIsPutIn, port, 0);
            to.add(MoveKind::CardIsPutIn, port, 1);
        }
        if (to.allowed(left.requests) && world.exists(port)) {
            for (std::size_t method = 0; method < to.setup.methods.size(); ++method) {
                to.add(MoveKind::OperatorAsks, port, method);
            }
        }
    }
    if (to.allowed(left.losses) && !world.uevents.empty() && !world.missed) {
        to.add(MoveKind::UeventsAreLost);
    }
    if (to.allowed(left.crashes)) {
        for (std::size_t variant = 0; variant < 2; ++variant) {
            to.add(MoveKind::SlotdDies, 0, variant);
            to.add(MoveKind::ExecutorDies, 0, variant);
        }
    }
}

}  // namespace

std::vector<Move> moves_of(const State& state, const Setup& setup) {
    Choices choices{state, setup, {}};
    kernel_goes_on(choices);
    news_arrive(choices);
    effects_end(choices);
    if (state.history.is_opening()) {
        choices.add(MoveKind::HistoryOpens);
    } else if (state.history.is_writing()) {
        choices.add(MoveKind::HistoryWrites);
    }
    if (state.slotd.next_deadline() != kNever) {
        choices.add(MoveKind::TimePasses);
    }
    if (state.history.is_writing() && choices.allowed(state.left.faults)) {
        choices.add(MoveKind::HistoryFails);
    }
    effects_go_wrong(choices);
    kernel_recovers(choices);
    hands_meddle(choices);
    return std::move(choices.moves);
}

bool happens_by_itself(const Move& move) {
    return move.kind <= MoveKind::TimePasses;
}

}  // namespace slotd::model
