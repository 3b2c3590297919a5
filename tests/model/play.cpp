#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "history/news.hpp"
#include "policy/ladder.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"
#include "tests/model/moves.hpp"
#include "tests/model/state.hpp"
#include "tests/model/world.hpp"
#include "tests/proof/violation.hpp"
#include "tests/proof/witness.hpp"

namespace slotd::model {

using namespace std::chrono_literals;
using event::Outcome;
using event::OutcomeKind;

namespace {

coordinator::Settings settings_of(const Setup& setup, const policy::Limits& limits) {
    coordinator::Settings settings;
    policy::SlotPolicy& policy = settings.policy.defaults;
    policy.level = setup.level;
    policy.automatic_action = setup.automatic_action;
    policy.steps = {policy::Rung::SlotReset, policy::Rung::Reenumerate};
    policy.verification = 200ms;
    policy.soak = setup.soak;
    settings.limits = limits;
    return settings;
}

/// The shell around slotd: what Engine, slotd-exec's client and its keeper do, on this world.
class Shell {
public:
    Shell(State& state, const Setup& setup) : state_(state), world_(state.world), setup_(setup) {}

    proof::Violations found;

    void carry_out(const std::vector<coordinator::Action>& actions) {
        for (const coordinator::Action& action : actions) {
            append(state_.witness.acted(action, state_.slotd, world_.truth(state_.now)));
            if (const auto* const wanted = std::get_if<coordinator::StartEffect>(&action)) {
                start(*wanted);
            } else if (const auto* const one = std::get_if<coordinator::Remember>(&action)) {
                state_.history.append(*one, state_.left.crashes > 0);
            }
        }
        forget_stale_looks();
    }

    void scan() { carry_out(state_.slotd.topology_scanned(world_.topology(), state_.now)); }

    void kernel_said(const event::KernelEvent& event) {
        if (std::holds_alternative<event::EventsMissed>(event)) {
            scan();  // first, as Engine does
        }
        state_.witness.kernel_said(event, state_.slotd.topology(), state_.now);
        carry_out(state_.slotd.kernel_said(event, state_.now));
        if (std::holds_alternative<event::HotplugSeen>(event) ||
            std::holds_alternative<event::ServicesChanged>(event)) {
            scan();
        }
    }

    void end_job(std::size_t index, Outcome outcome) {
        const event::EffectId id = world_.jobs[index].id;
        if (outcome.kind == OutcomeKind::TimedOut) {
            world_.jobs[index].stage = Stage::Hanging;
        } else {
            world_.jobs.erase(world_.jobs.begin() + static_cast<std::ptrdiff_t>(index));
        }
        state_.witness.effect_ended(id, outcome, state_.slotd.topology());
        carry_out(state_.slotd.effect_finished(id, outcome, state_.now));
    }

    void lose_executor(bool effects_happen) {
        if (effects_happen) {
            let_effects_happen();
        }
        // Everything is answered, what is asked for meanwhile too; then another one is started, and
        // opens the gates before it listens.
        while (!world_.jobs.empty()) {
            end_job(0, Outcome{OutcomeKind::ExecutorLost, 0, {}, std::nullopt});
        }
        world_.open_recorded_gates();
        state_.witness.gates_opened();
        carry_out(state_.slotd.executor_restarted(state_.now));
    }

    void lose_slotd(bool effects_happen) {
        if (effects_happen) {
            let_effects_happen();
        }
        world_.jobs.clear();
        world_.uevents.clear();
        world_.traces.clear();
        world_.missed = false;
        state_.history.lose_slotd(effects_happen);
        world_.open_recorded_gates();
        state_.witness.gates_opened();
        state_.witness.slotd_restarted();
        state_.slotd = coordinator::Coordinator(settings_of(setup_, small_limits()));
        scan();
    }

    void history_said(const history::News& news) {
        carry_out(state_.slotd.history_said(news, state_.now));
    }

    void reservation_ends(const History::Written& end) {
        if (end.news.status) {
            state_.witness.reserved(end.entry.port, end.entry.attempt);
        }
        history_said(end.news);
    }

    void look_at_the_world() {
        append(state_.witness.seen(world_.truth(state_.now), state_.slotd));
    }

private:
    void append(proof::Violations more) {
        found.insert(found.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
    }

    void start(const coordinator::StartEffect& wanted) {
        const auto at = std::ranges::lower_bound(world_.jobs, wanted.id, {}, &Job::id);
        const auto job = world_.jobs.insert(at, Job{wanted.id, wanted.effect, Stage::Asked, {}});
        if (!world_.has_subject(*job)) {
            // The worker opens its device at once, and finds none.
            job->outcome = Outcome{OutcomeKind::Gone, 0, {}, std::nullopt};
            job->stage = Stage::Performed;
        }
    }

    void let_effects_happen() {
        for (const Job& job : world_.jobs) {
            if (job.stage == Stage::Asked && world_.may_perform(job)) {
                (void)world_.perform(job.effect);
            }
        }
    }

    /// A look changes nothing in the world, and slotd drops the outcome of one that it does not
    /// wait for: such a look is the same as none.
    void forget_stale_looks() {
        std::erase_if(world_.jobs, [&](const Job& job) {
            return action::reads_only(job.effect) &&
                   std::ranges::none_of(state_.slotd.slots(), [&](const auto& one) {
                       return one.second.in_flight && one.second.in_flight->id == job.id;
                   });
        });
    }

    State& state_;
    World& world_;
    const Setup& setup_;
};

void error_strikes(World& world, std::size_t port, ErrorNews news) {
    const pci::Address function = world.function_of(port);
    if (news == ErrorNews::Fatal || news == ErrorNews::NothingFollows) {
        world.traces.push_back(event::ErrorReported{function, event::Severity::Fatal, 0});
    } else if (news == ErrorNews::NonFatal) {
        world.traces.push_back(event::ErrorReported{function, event::Severity::NonFatal, 0});
    }
    if (news == ErrorNews::NothingFollows) {
        return;
    }
    world.recovering = port;
    if (news != ErrorNews::Nothing) {
        world.tell(event::RecoveryReported{function, event::RecoveryReport::Began});
    }
}

void recovery_ends(World& world, MoveKind how) {
    const std::size_t port = *std::exchange(world.recovering, std::nullopt);
    if (how == MoveKind::RecoveryEndsUnheard) {
        return;
    }
    if (how == MoveKind::RecoveryLeavesCardDead) {
        world.ports[port].answers = false;
    }
    world.tell(
        event::RecoveryReported{world.function_of(port), how == MoveKind::RecoveryFails
                                                             ? event::RecoveryReport::Failed
                                                             : event::RecoveryReport::Succeeded});
}

void link_changes(World& world, std::size_t port, bool up) {
    world.ports[port].link_up = up;
    world.presence_changed(port, Pciehp::PutsAnew);
}

void card_changes(World& world, std::size_t port, Card card) {
    Port& one = world.ports[port];
    one.card = card;
    one.answers = true;
    one.powered = true;
    one.link_up = true;
    world.presence_changed(port, Pciehp::PutsAnew);
}

Outcome outcome(OutcomeKind kind) {
    return Outcome{kind, 0, {}, std::nullopt};
}

event::KernelEvent take_front(std::deque<event::KernelEvent>& queue) {
    event::KernelEvent first = std::move(queue.front());
    queue.pop_front();
    return first;
}

void effect_happens(World& world, Job& job) {
    job.outcome = world.perform(job.effect);
    job.stage = Stage::Performed;
}

void lose_uevents(World& world) {
    world.uevents.clear();
    world.missed = true;
}

event::ResetRequested next_request(State& state, const Move& move, const Setup& setup) {
    event::ResetRequested request;
    request.request = ++state.last_request;
    request.port = state.world.ports[move.index].address;
    request.method = setup.methods[move.variant];
    return request;
}

void play(State& state, Shell& shell, const Move& move, const Setup& setup) {
    World& world = state.world;
    switch (move.kind) {
        case MoveKind::PciehpWorks:
            return world.pciehp_works(move.index);
        case MoveKind::RecoverySucceeds:
        case MoveKind::RecoveryFails:
        case MoveKind::RecoveryLeavesCardDead:
        case MoveKind::RecoveryEndsUnheard:
            return recovery_ends(world, move.kind);
        case MoveKind::LinkComesUp:
        case MoveKind::LinkIsLost:
            return link_changes(world, move.index, move.kind == MoveKind::LinkComesUp);
        case MoveKind::MissedIsRead:
            world.missed = false;
            return shell.kernel_said(event::EventsMissed{"uevents"});
        case MoveKind::UeventArrives:
            return shell.kernel_said(take_front(world.uevents));
        case MoveKind::TraceArrives:
            return shell.kernel_said(take_front(world.traces));
        case MoveKind::EffectHappens:
            return effect_happens(world, world.jobs[move.index]);
        case MoveKind::OutcomeArrives:
            return shell.end_job(move.index, Outcome(world.jobs[move.index].outcome));
        case MoveKind::HistoryOpens:
            return shell.history_said(
                state.history.open(small_limits().budget_window, state.left.crashes > 0));
        case MoveKind::HistoryWrites:
            return shell.reservation_ends(state.history.write());
        case MoveKind::HistoryFails:
            return shell.reservation_ends(state.history.fail());
        case MoveKind::TimePasses:
            state.now = std::max(state.now, state.slotd.next_deadline());
            return shell.carry_out(state.slotd.time_passed(state.now));
        case MoveKind::ErrorStrikes:
            return error_strikes(world, move.index, setup.errors[move.variant]);
        case MoveKind::CardIsPulled:
            return card_changes(world, move.index, kNoCard);
        case MoveKind::CardIsPutIn:
            return card_changes(world, move.index, move.variant == 0 ? kCardA : kCardB);
        case MoveKind::UeventsAreLost:
            return lose_uevents(world);
        case MoveKind::OperatorAsks:
            return shell.carry_out(
                state.slotd.reset_requested(next_request(state, move, setup), state.now));
        case MoveKind::EffectFails:
        case MoveKind::HungEffectIsUndone:
            return shell.end_job(move.index, outcome(OutcomeKind::Failed));
        case MoveKind::WorkerDies:
            return shell.end_job(move.index, outcome(OutcomeKind::WorkerLost));
        case MoveKind::EffectHangs:
            return shell.end_job(move.index, outcome(OutcomeKind::TimedOut));
        case MoveKind::HungEffectHappens:
            return shell.end_job(move.index, world.perform(world.jobs[move.index].effect));
        case MoveKind::ResetIsTakenForUnplug:
            effect_happens(world, world.jobs[move.index]);
            return world.link_flaps(world.jobs[move.index].effect);
        case MoveKind::SlotdDies:
            return shell.lose_slotd(move.variant == 1);
        case MoveKind::ExecutorDies:
            return shell.lose_executor(move.variant == 1);
    }
}

}  // namespace

State::State(const Setup& setup, const policy::Limits& limits)
    : world(setup.world),
      slotd(settings_of(setup, limits)),
      witness(limits),
      left(setup.allowance) {
    Shell shell(*this, setup);
    shell.scan();
}

proof::Violations play(State& state, const Move& move, const Setup& setup) {
    if (const auto cost = cost_of(move)) {
        state.left.*cost -= 1;
        state.left.acts -= 1;
    }
    Shell shell(state, setup);
    play(state, shell, move, setup);
    shell.look_at_the_world();
    return std::move(shell.found);
}

}  // namespace slotd::model
