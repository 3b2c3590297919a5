#include "replay/run.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/step.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "evidence/evidence.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "history/stamp.hpp"
#include "pci/topology.hpp"
#include "replay/script.hpp"
#include "replay/world.hpp"

namespace slotd::replay {

using namespace std::chrono_literals;

namespace {

/// A mistake in the reasoning about ends ends the replay, not the machine's patience.
constexpr std::size_t kStepsMax = 1'000'000;
/// After the last thing that was told, what is under way may go on for so long.
constexpr Duration kTail = 1h;

std::int64_t microseconds(Instant at) {
    return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

}  // namespace

void Memory::add(const history::Entry& entry, std::int64_t wall_us, const std::string& boot) {
    if (rows_.size() < kRowsMax) {
        // The wall's clock stands for the one that runs through suspend: it does not jump here.
        rows_.push_back({rows_.size() + 1, {wall_us, wall_us, boot}, entry});
    }
}

history::Remembered Memory::recall(std::int64_t wall_us, const std::string& boot) const {
    return history::recall(rows_, {wall_us, wall_us, boot}, window_);
}

Run::Run(Script script, const coordinator::Settings& settings, Memory& memory, std::string boot,
         bool goes_on)
    : coordinator_(settings),
      world_(std::move(script.effects)),
      memory_(memory),
      boot_(std::move(boot)),
      now_(script.inputs.front().at),
      end_(script.end + (goes_on ? kTail : Duration::zero())),
      wall_offset_us_(script.wall_offset_us) {
    for (Input& input : script.inputs) {
        const Instant at = input.at;
        due_.emplace(at, std::move(input));
    }
}

std::vector<Happened> Run::play() {
    carry_out(coordinator_.history_said(history::Opened{memory_.recall(wall(), boot_), {}}, now_));
    for (std::size_t step = 0; step < kStepsMax; ++step) {
        const Instant deadline = coordinator_.next_deadline();
        const Instant next = due_.empty() ? deadline : std::min(due_.begin()->first, deadline);
        if (next == kNever || next > end_) {
            break;
        }
        now_ = std::max(now_, next);
        if (!due_.empty() && due_.begin()->first <= next) {
            const Due due = std::move(due_.begin()->second);
            due_.erase(due_.begin());
            deliver(due);
        } else {
            carry_out(coordinator_.time_passed(now_));
        }
    }
    return std::move(happened_);
}

void Run::deliver(const Due& due) {
    std::visit(
        Overloaded{
            [&](const Input& input) { tell(input.told); },
            [&](const Completion& ended) {
                carry_out(coordinator_.effect_finished(ended.id, ended.outcome, now_));
            },
            [&](const history::News& news) { carry_out(coordinator_.history_said(news, now_)); },
        },
        due);
}

void Run::tell(const Told& told) {
    std::visit(Overloaded{
                   [&](const event::KernelEvent& said) {
                       carry_out(coordinator_.kernel_said(said, now_));
                   },
                   [&](event::ResetRequested request) {
                       request.request = ++requests_;
                       carry_out(coordinator_.reset_requested(request, now_));
                   },
                   [&](event::HoldRequested request) {
                       request.request = ++requests_;
                       carry_out(coordinator_.hold_requested(request, now_));
                   },
                   [&](event::ReleaseRequested request) {
                       request.request = ++requests_;
                       carry_out(coordinator_.release_requested(request, now_));
                   },
                   [&](const evidence::ExecutorRestarted&) {
                       std::erase_if(due_, [](const auto& entry) {
                           return std::holds_alternative<Completion>(entry.second);
                       });
                       carry_out(coordinator_.executor_restarted(now_));
                   },
                   [&](const Looked& look) { carry_out(coordinator_.look_at({look.port}, now_)); },
                   [&](const Scan& scan) {
                       carry_out(coordinator_.topology_scanned(pci::Topology(scan.ports), now_));
                   },
               },
               told);
}

void Run::carry_out(const std::vector<coordinator::Action>& actions) {
    for (const coordinator::Action& action : actions) {
        std::visit(Overloaded{
                       [&](const coordinator::StartEffect& wanted) { start(wanted); },
                       [&](const coordinator::Remember& one) {
                           memory_.add(one.entry, wall(), boot_);
                           if (one.ticket) {
                               due_.emplace(now_, history::News(history::Written{*one.ticket, {}}));
                           }
                       },
                       [&](const coordinator::Tell& said) {
                           happened_.push_back({wall(), said.record.incident, said.record});
                       },
                       [](const OneOf<coordinator::Answer, coordinator::AskTurn,
                                      coordinator::ReleaseTurn, coordinator::Reserve> auto&) {},
                   },
                   action);
    }
}

void Run::start(const coordinator::StartEffect& wanted) {
    World::End end = world_.end_of(wanted.effect, now_, coordinator_.topology());
    happened_.push_back(
        {wall(), incident_of(wanted.id), Taken{wanted.effect, std::move(end.assumed)}});
    for (Input& input : end.after) {
        const Instant at = input.at;
        due_.emplace(at, std::move(input));
    }
    due_.emplace(now_ + end.took, Completion{wanted.id, std::move(end.outcome)});
}

std::int64_t Run::wall() const {
    return microseconds(now_) + wall_offset_us_;
}

std::uint64_t Run::incident_of(event::EffectId id) const {
    for (const auto& [port, slot] : coordinator_.slots()) {
        if (slot.effect_base >> 32 == id >> 32) {
            return slot.incident ? slot.incident->id : slot.ill_incident;
        }
    }
    return 0;
}

}  // namespace slotd::replay
