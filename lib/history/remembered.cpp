#include "history/remembered.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/stamp.hpp"
#include "pci/address.hpp"

namespace slotd::history {

namespace {

template <class T>
struct Found {
    const Row* row = nullptr;
    const T* entry = nullptr;
    Duration age{};
};

struct OpenAttempt {
    Found<AttemptReserved> reserved;
    const Row* end_row = nullptr;
    const AttemptEnded* end = nullptr;  ///< an ambiguous one
};

/// What holds for one slot so far.
struct SlotState {
    std::vector<Found<AttemptReserved>> reserved;  ///< since the last release
    std::map<std::pair<std::uint64_t, std::uint32_t>, OpenAttempt> open;
    std::optional<Found<Held>> hold;
    std::optional<Found<Quarantined>> quarantine;
    const Row* release = nullptr;

    /// The newest attempt whose outcome is not known; nullptr for none.
    const OpenAttempt* ambiguous() const {
        const auto newest = std::ranges::max_element(
            open, {}, [](const auto& attempt) { return attempt.second.reserved.row->seq; });
        return newest == open.end() ? nullptr : &newest->second;
    }
};

struct State {
    std::map<pci::Address, SlotState> slots;
    std::optional<Found<HistoryLost>> lost;
};

void ended(SlotState& slot, const Row& row, const AttemptEnded& end) {
    if (end.well) {
        slot.open.clear();
        return;
    }
    const auto attempt = slot.open.find({end.incident, end.attempt});
    if (attempt == slot.open.end()) {
        return;
    }
    if (end.ambiguous) {
        attempt->second.end_row = &row;
        attempt->second.end = &end;
    } else {
        slot.open.erase(attempt);
    }
}

void take(State& state, const Row& row, Duration age) {
    std::visit(Overloaded{
                   [&](const AttemptReserved& reserved) {
                       SlotState& slot = state.slots[reserved.port];
                       const Found<AttemptReserved> found{&row, &reserved, age};
                       slot.reserved.push_back(found);
                       slot.open[{reserved.incident, reserved.attempt}] = OpenAttempt{found};
                   },
                   [&](const AttemptEnded& end) { ended(state.slots[end.port], row, end); },
                   [&](const Held& held) {
                       state.slots[held.port].hold = Found<Held>{&row, &held, age};
                   },
                   [&](const Released& released) {
                       SlotState& slot = state.slots[released.port];
                       slot = SlotState{};
                       slot.release = &row;
                   },
                   [&](const Quarantined& quarantined) {
                       state.slots[quarantined.port].quarantine =
                           Found<Quarantined>{&row, &quarantined, age};
                   },
                   [&](const HistoryLost& lost) {
                       state.lost = Found<HistoryLost>{&row, &lost, age};
                   },
                   [](const OneOf<IncidentOpened, IncidentClosed> auto&) {},
               },
               row.entry);
}

State state_after(std::span<const Row> rows, const Stamp& now) {
    State state;
    Duration age = Duration::max();
    for (const Row& row : rows) {
        age = std::min(age, age_of(row.at, now));
        take(state, row, age);
    }
    return state;
}

bool runs(const Found<Held>& hold) {
    return !hold.entry->lasts || *hold.entry->lasts > hold.age;
}

bool unknown_for(const State& state, const SlotState& slot) {
    return slot.release == nullptr || slot.release->seq < state.lost->row->seq;
}

}  // namespace

Remembered recall(std::span<const Row> rows, const Stamp& now, Duration window) {
    const State state = state_after(rows, now);
    std::vector<Found<AttemptReserved>> spent;
    Remembered remembered;
    if (state.lost && state.lost->age < window) {
        remembered.unknown_budget =
            UnknownBudget{state.lost->entry->reason, window - state.lost->age, {}};
    }
    for (const auto& [port, slot] : state.slots) {
        std::ranges::copy_if(slot.reserved, std::back_inserter(spent),
                             [&](const auto& attempt) { return attempt.age < window; });
        if (slot.hold && runs(*slot.hold)) {
            const Held& held = *slot.hold->entry;
            const auto left =
                held.lasts ? std::optional(*held.lasts - slot.hold->age) : std::nullopt;
            remembered.holds.push_back({port, left, held.by, held.reason});
        }
        if (slot.quarantine) {
            remembered.quarantines.push_back(*slot.quarantine->entry);
        }
        if (const OpenAttempt* const open = slot.ambiguous()) {
            remembered.ambiguous.push_back({*open->reserved.entry, open->reserved.age,
                                            open->end != nullptr ? open->end->how : ""});
        }
        if (remembered.unknown_budget && !unknown_for(state, slot)) {
            remembered.unknown_budget->known_again.push_back(port);
        }
    }
    std::ranges::sort(spent, {}, [](const auto& attempt) { return attempt.row->seq; });
    for (const auto& [row, reserved, age] : spent) {
        remembered.spent.push_back({reserved->port, reserved->root_port, reserved->automatic, age});
    }
    return remembered;
}

std::vector<std::uint64_t> still_needed(std::span<const Row> rows, const Stamp& now,
                                        Duration window) {
    const State state = state_after(rows, now);
    std::vector<std::uint64_t> needed;
    const bool lost = state.lost && state.lost->age < window;
    if (lost) {
        needed.push_back(state.lost->row->seq);
    }
    for (const auto& [port, slot] : state.slots) {
        for (const auto& attempt : slot.reserved) {
            if (attempt.age < window) {
                needed.push_back(attempt.row->seq);
            }
        }
        if (slot.hold && runs(*slot.hold)) {
            needed.push_back(slot.hold->row->seq);
        }
        if (slot.quarantine) {
            needed.push_back(slot.quarantine->row->seq);
        }
        for (const auto& [name, open] : slot.open) {
            needed.push_back(open.reserved.row->seq);
            if (open.end_row != nullptr) {
                needed.push_back(open.end_row->seq);
            }
        }
        if (lost && !unknown_for(state, slot)) {
            needed.push_back(slot.release->seq);
        }
    }
    std::ranges::sort(needed);
    const auto twice = std::ranges::unique(needed);
    needed.erase(twice.begin(), twice.end());
    return needed;
}

bool matters_to_recall(const Entry& entry) {
    return std::visit(Overloaded{
                          [](const OneOf<AttemptReserved, AttemptEnded, Held, Released, Quarantined,
                                         HistoryLost> auto&) { return true; },
                          [](const OneOf<IncidentOpened, IncidentClosed> auto&) { return false; },
                      },
                      entry);
}

}  // namespace slotd::history
