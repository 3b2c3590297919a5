#include "coordinator/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/slot.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "pci/address.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

Ledger::Decisions Ledger::reserve(const Reserve& wanted, Instant now,
                                  const policy::Limits& limits) {
    Decisions decisions;
    const history::AttemptReserved& entry = wanted.entry;
    if (state_ == State::NotOpen) {
        early_.push_back(wanted);
        return decisions;
    }
    if (state_ == State::Unusable) {
        decisions.events.emplace_back(entry.port, HistoryFailed{entry.attempt, problem_});
        return decisions;
    }
    if (entry.automatic) {
        if (const auto why = unknown(entry.port, now, limits)) {
            decisions.events.emplace_back(entry.port, HistoryFailed{entry.attempt, *why});
            return decisions;
        }
        if (const auto refusal = budget_.reserve(entry.port, entry.root_port, now, limits)) {
            decisions.events.emplace_back(entry.port, AttemptRefused{entry.attempt, *refusal});
            return decisions;
        }
    }
    last_ticket_ += 1;
    unwritten_[last_ticket_] = {entry.port, entry.attempt, entry.incident};
    decisions.entries.push_back({entry, last_ticket_});
    return decisions;
}

Ledger::Decisions Ledger::remember(const Remember& wanted, Instant now) {
    std::visit(Overloaded{
                   [&](const history::Released& one) {
                       forget(one.port);
                       budget_.release(one.port);
                       if (remembered_.unknown_budget) {
                           remembered_.unknown_budget->known_again.push_back(one.port);
                       }
                   },
                   // A slot that goes and comes back, as nested ones do, is still held.
                   [&](const history::Held& one) {
                       std::erase_if(remembered_.holds,
                                     [&](const auto& hold) { return hold.port == one.port; });
                       const auto left = one.lasts
                                             ? std::optional(now - remembered_at_ + *one.lasts)
                                             : std::nullopt;
                       remembered_.holds.push_back({one.port, left, one.by, one.reason});
                   },
                   [&](const history::Quarantined& one) { remembered_.quarantines.push_back(one); },
                   [&](const history::IncidentClosed& one) {
                       if (one.well) {
                           well(one.port);
                       }
                   },
                   [](const auto&) {},
               },
               wanted.entry);
    return {{}, {wanted}, {}};
}

Ledger::Decisions Ledger::history_said(const history::News& news, Instant now,
                                       const policy::Limits& limits) {
    Decisions decisions;
    std::visit(
        Overloaded{
            [&](const history::Opened& one) { opened(one, now, limits, decisions); },
            [&](const history::Unusable& one) {
                state_ = State::Unusable;
                problem_ = one.reason;
                decisions.warnings.push_back(one.reason + "; no automatic action until it is back");
                for (const Reserve& early : std::exchange(early_, {})) {
                    decisions.events.emplace_back(early.entry.port,
                                                  HistoryFailed{early.entry.attempt, problem_});
                }
            },
            [&](const history::Written& one) {
                const auto at = unwritten_.find(one.ticket);
                if (at == unwritten_.end()) {
                    return;
                }
                const Waiting waiting = at->second;
                unwritten_.erase(at);
                if (one.status) {
                    decisions.events.emplace_back(
                        waiting.port, AttemptReserved{waiting.attempt, waiting.incident});
                } else {
                    decisions.events.emplace_back(
                        waiting.port, HistoryFailed{waiting.attempt, one.status.error().message()});
                }
            },
            [&](const history::Dropped& one) {
                decisions.warnings.push_back(
                    fmt::format("the history was too slow, {} entries are lost", one.entries));
            },
            [](const history::Answered&) {},
        },
        news);
    return decisions;
}

void Ledger::opened(const history::Opened& opened, Instant now, const policy::Limits& limits,
                    Decisions& decisions) {
    // A later one includes this run's own entries: what was spent is taken over as a whole.
    state_ = State::Open;
    remembered_ = opened.remembered;
    remembered_at_ = now;
    window_then_ = limits.budget_window;
    budget_ = Budget();
    for (const history::SpentAttempt& spent : remembered_.spent) {
        if (spent.automatic) {
            budget_.remember({now - spent.age, spent.port, spent.root_port});
        }
    }
    decisions.warnings = opened.warnings;
    std::vector<pci::Address> ports;
    for (const auto& hold : remembered_.holds) {
        ports.push_back(hold.port);
    }
    for (const auto& quarantine : remembered_.quarantines) {
        ports.push_back(quarantine.port);
    }
    for (const auto& ambiguous : remembered_.ambiguous) {
        ports.push_back(ambiguous.reserved.port);
    }
    for (const auto& ill : remembered_.ill) {
        ports.push_back(ill.port);
    }
    std::ranges::sort(ports);
    const auto same = std::ranges::unique(ports);
    ports.erase(same.begin(), same.end());
    for (const pci::Address& port : ports) {
        if (auto before = recalled(port, now)) {
            decisions.events.emplace_back(port, std::move(*before));
        }
    }
    for (const Reserve& early : std::exchange(early_, {})) {
        Decisions more = reserve(early, now, limits);
        std::ranges::move(more.events, std::back_inserter(decisions.events));
        std::ranges::move(more.entries, std::back_inserter(decisions.entries));
    }
}

std::optional<Recalled> Ledger::recalled(const pci::Address& port, Instant now) const {
    Recalled recalled;
    for (const history::RunningHold& hold : remembered_.holds) {
        if (hold.port == port && (!hold.left || remembered_at_ + *hold.left > now)) {
            recalled.hold =
                Hold{hold.left ? remembered_at_ + *hold.left : kNever, hold.by, hold.reason};
        }
    }
    for (const history::Quarantined& quarantine : remembered_.quarantines) {
        if (quarantine.port == port) {
            recalled.quarantine = quarantine.reason;
        }
    }
    if (const auto left = unsettled(port)) {
        std::tie(recalled.unsettled, recalled.incident) = *left;
    }
    const bool nothing = !recalled.hold && !recalled.quarantine && !recalled.unsettled;
    return nothing ? std::nullopt : std::optional(recalled);
}

std::optional<std::pair<Unsettled, std::uint64_t>> Ledger::unsettled(
    const pci::Address& port) const {
    const auto ill = std::ranges::find(remembered_.ill, port, &history::IllIncident::port);
    const bool is_ill = ill != remembered_.ill.end();
    for (const history::AmbiguousAttempt& one : remembered_.ambiguous) {
        if (one.reserved.port == port) {
            const std::string how = one.how.empty() ? "slotd ended in the middle of it" : one.how;
            return {{{fmt::format("an earlier attempt ({}) has no known outcome: {}; it is not "
                                  "retried",
                                  one.reserved.step, how),
                      is_ill && ill->frozen},
                     one.reserved.incident}};
        }
    }
    if (!is_ill) {
        return std::nullopt;
    }
    return {{{ill->ended ? "an earlier incident has not ended well: " + ill->said
                         : "an earlier incident (" + ill->said +
                               ") has no known end: slotd ended in the middle of it",
              ill->frozen},
             ill->incident}};
}

void Ledger::forget(const pci::Address& port) {
    std::erase_if(remembered_.holds, [&](const auto& one) { return one.port == port; });
    std::erase_if(remembered_.quarantines, [&](const auto& one) { return one.port == port; });
    std::erase_if(remembered_.ambiguous,
                  [&](const auto& one) { return one.reserved.port == port; });
    well(port);
}

void Ledger::well(const pci::Address& port) {
    std::erase_if(remembered_.ill, [&](const auto& one) { return one.port == port; });
}

std::optional<std::string> Ledger::problem() const {
    switch (state_) {
        case State::NotOpen:
            return "it is not open yet";
        case State::Open:
            return std::nullopt;
        case State::Unusable:
            return problem_;
    }
    return std::nullopt;
}

std::optional<std::string> Ledger::unknown(const pci::Address& port, Instant now,
                                           const policy::Limits& limits) const {
    const auto& lost = remembered_.unknown_budget;
    // What is left was told for the window of that time.
    if (!lost || remembered_at_ + lost->left + (limits.budget_window - window_then_) <= now ||
        std::ranges::find(lost->known_again, port) != lost->known_again.end()) {
        return std::nullopt;
    }
    return "what was spent of its budget is not known (" + lost->reason +
           "); slotctl release gives it a new one";
}

}  // namespace slotd::coordinator
