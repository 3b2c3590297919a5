#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "action/effect.hpp"
#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "tests/model/moves.hpp"
#include "tests/model/state.hpp"
#include "tests/model/world.hpp"

namespace slotd::model {

namespace {

enum class About : std::uint8_t { Nothing, Port, Job };

struct MoveFacts {
    MoveKind kind;
    const char* text;
    About about = About::Nothing;
    std::uint8_t Allowance::*cost = nullptr;
};

// In the order of MoveKind.
constexpr std::array kFacts{
    MoveFacts{MoveKind::PciehpWorks, "pciehp works on", About::Port},
    MoveFacts{MoveKind::RecoverySucceeds, "the kernel's recovery succeeds"},
    MoveFacts{MoveKind::LinkComesUp, "the link comes up below", About::Port},
    MoveFacts{MoveKind::MissedIsRead, "slotd hears that uevents were lost"},
    MoveFacts{MoveKind::UeventArrives, "slotd hears:"},
    MoveFacts{MoveKind::TraceArrives, "slotd hears:"},
    MoveFacts{MoveKind::EffectHappens, "slotd-exec does:", About::Job},
    MoveFacts{MoveKind::OutcomeArrives, "slotd hears what became of:", About::Job},
    MoveFacts{MoveKind::HistoryOpens, "the history opens"},
    MoveFacts{MoveKind::HistoryWrites, "the history has the attempt"},
    MoveFacts{MoveKind::TimePasses, "time passes"},
    MoveFacts{MoveKind::RecoveryFails, "the kernel's recovery fails"},
    MoveFacts{MoveKind::RecoveryLeavesCardDead,
              "the recovery is called a success, the card is dead"},
    MoveFacts{MoveKind::RecoveryEndsUnheard, "the kernel's recovery ends without a word"},
    MoveFacts{MoveKind::ErrorStrikes, "an error strikes below", About::Port, &Allowance::errors},
    MoveFacts{MoveKind::CardIsPulled, "the card is pulled from", About::Port, &Allowance::hotplugs},
    MoveFacts{MoveKind::CardIsPutIn, "a card is put into", About::Port, &Allowance::hotplugs},
    MoveFacts{MoveKind::LinkIsLost, "the link is lost below", About::Port, &Allowance::hotplugs},
    MoveFacts{MoveKind::UeventsAreLost, "uevents are lost", About::Nothing, &Allowance::losses},
    MoveFacts{MoveKind::OperatorAsks, "an operator asks for a reset of", About::Port,
              &Allowance::requests},
    MoveFacts{MoveKind::HistoryFails, "the history cannot write the attempt", About::Nothing,
              &Allowance::faults},
    MoveFacts{MoveKind::EffectFails, "slotd-exec fails to:", About::Job, &Allowance::faults},
    MoveFacts{MoveKind::WorkerDies, "the worker dies in:", About::Job, &Allowance::faults},
    MoveFacts{MoveKind::EffectHangs, "hangs, past its deadline:", About::Job, &Allowance::faults},
    MoveFacts{MoveKind::HungEffectHappens, "comes back late and done:", About::Job},
    MoveFacts{MoveKind::HungEffectIsUndone, "comes back late and failed:", About::Job},
    MoveFacts{MoveKind::ResetIsTakenForUnplug, "pciehp takes for an unplug:", About::Job,
              &Allowance::faults},
    MoveFacts{MoveKind::SlotdDies, "slotd dies and is started anew", About::Nothing,
              &Allowance::crashes},
    MoveFacts{MoveKind::ExecutorDies, "slotd-exec dies and is started anew", About::Nothing,
              &Allowance::crashes},
};

const MoveFacts& facts_of(MoveKind kind) {
    const MoveFacts& facts = kFacts.at(static_cast<std::size_t>(kind));
    SLOTD_ASSERT(facts.kind == kind);
    return facts;
}

std::string text_of(const event::KernelEvent& event) {
    return std::visit(
        Overloaded{
            [](const event::RecoveryReported& one) {
                const char* const what = one.report == event::RecoveryReport::Began ? "BEGIN"
                                         : one.report == event::RecoveryReport::Failed
                                             ? "FAILED"
                                             : "SUCCESSFUL";
                return fmt::format("{} of {}", what, one.function.to_string());
            },
            [](const event::ErrorReported& one) {
                return fmt::format("{} error of {}",
                                   one.severity == event::Severity::Fatal ? "fatal" : "non-fatal",
                                   one.function.to_string());
            },
            [](const event::HotplugSeen& one) {
                return fmt::format("{} {}",
                                   one.kind == event::HotplugKind::Added ? "add" : "remove",
                                   one.function.to_string());
            },
            [](const event::HotplugAnnounced& one) {
                return "pciehp announces a change of " + one.port.to_string();
            },
            [](const event::DeviceWedged& one) { return "wedged " + one.function.to_string(); },
            [](const event::ServicesChanged& one) { return "services of " + one.port.to_string(); },
            [](const event::EventsMissed& one) { return "missed " + one.what; },
        },
        event);
}

std::string detail_of(const Move& move, const State& before, const Setup& setup) {
    switch (facts_of(move.kind).about) {
        case About::Port:
            break;
        case About::Job:
            return " " + action::to_string(before.world.jobs[move.index].effect) +
                   (move.variant != 0 ? " (it has happened)" : "");
        case About::Nothing:
            if (move.kind == MoveKind::UeventArrives) {
                return " " + text_of(before.world.uevents.front());
            }
            if (move.kind == MoveKind::TraceArrives) {
                return " " + text_of(before.world.traces.front());
            }
            return move.variant != 0 ? " (effects under way have happened)" : "";
    }
    std::string text = " " + before.world.ports[move.index].address.to_string();
    if (move.kind == MoveKind::CardIsPutIn) {
        text += move.variant == 0 ? ": card A" : ": card B";
    } else if (move.kind == MoveKind::OperatorAsks) {
        text += fmt::format(" by {}", event::to_text(setup.methods[move.variant]));
    } else if (move.kind == MoveKind::ErrorStrikes) {
        constexpr std::array kNews{"fatal", "non-fatal", "only BEGIN tells", "nothing tells",
                                   "fatal, nothing follows"};
        text +=
            fmt::format(" ({})", kNews.at(static_cast<std::size_t>(setup.errors[move.variant])));
    }
    return text;
}

}  // namespace

std::uint8_t Allowance::*cost_of(const Move& move) {
    return facts_of(move.kind).cost;
}

std::string describe(const Move& move, const State& before, const Setup& setup) {
    return fmt::format("{:7.1f} s  {}{}",
                       std::chrono::duration<double>(before.now.time_since_epoch()).count(),
                       facts_of(move.kind).text, detail_of(move, before, setup));
}

}  // namespace slotd::model
