#include "history/remembered.hpp"

#include <algorithm>
#include <cstdint>
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

Recall::Recall(Stamp now, Duration window, Duration spent_for)
    : now_(std::move(now)),
      window_(window),
      spent_for_(spent_for) {}

void Recall::add(const Row& row) {
    const Duration own_age = age_of(row.at, now_);
    age_ = age_ ? std::min(*age_, own_age) : own_age;
    const bool this_boot = !row.at.boot_id.empty() && row.at.boot_id == now_.boot_id;
    std::visit(
        Overloaded{
            [&](const OneOf<AttemptReserved, AttemptEnded, HistoryLost> auto& entry) {
                add(row.seq, entry);
            },
            [&](const Held& held) {
                const bool runs = !held.lasts || *held.lasts > *age_;
                slots_[held.port].hold =
                    runs ? std::optional(Found<Held>{row.seq, held, *age_}) : std::nullopt;
            },
            [&](const Released& released) {
                Slot fresh;
                fresh.released = lost_ ? row.seq : 0;
                slots_[released.port] = fresh;
            },
            [&](const Quarantined& quarantined) {
                slots_[quarantined.port].quarantine =
                    Found<Quarantined>{row.seq, quarantined, *age_};
            },
            [&](const IncidentOpened& opened) {
                if (this_boot) {
                    slots_[opened.port].ill = Found<IllIncident>{
                        row.seq, {opened.port, opened.incident, opened.cause, false, false}, *age_};
                }
            },
            [&](const IncidentClosed& closed) { add(row.seq, closed, this_boot); },
        },
        row.entry);
}

void Recall::add(std::uint64_t seq, const AttemptReserved& reserved) {
    Slot& slot = slots_[reserved.port];
    const Found<AttemptReserved> found{seq, reserved, *age_};
    if (found.age < spent_for_) {
        slot.spent.push_back(found);
    }
    slot.open[{reserved.incident, reserved.attempt}] = OpenAttempt{found, {}};
}

void Recall::add(std::uint64_t seq, const AttemptEnded& end) {
    Slot& slot = slots_[end.port];
    if (*age_ < spent_for_) {
        slot.ends.push_back(seq);
    }
    if (end.well) {
        slot.open.clear();
        slot.ill.reset();
        return;
    }
    const auto attempt = slot.open.find({end.incident, end.attempt});
    if (attempt == slot.open.end()) {
        return;
    }
    if (end.ambiguous) {
        attempt->second.end = Found<AttemptEnded>{seq, end, *age_};
    } else {
        slot.open.erase(attempt);
    }
}

void Recall::add(std::uint64_t seq, const IncidentClosed& closed, bool this_boot) {
    Slot& slot = slots_[closed.port];
    if (closed.well) {
        // It is the end of those that still count as spent.
        if (std::ranges::any_of(slot.open, [&](const auto& open) {
                return open.second.reserved.age < spent_for_;
            })) {
            slot.ends.push_back(seq);
        }
        slot.open.clear();
        slot.ill.reset();
    } else if (this_boot) {
        slot.ill = Found<IllIncident>{
            seq, {closed.port, closed.incident, closed.how, true, closed.frozen}, *age_};
    }
}

void Recall::add(std::uint64_t seq, const HistoryLost& lost) {
    if (*age_ >= window_) {
        return;
    }
    lost_ = Found<HistoryLost>{seq, lost, *age_};
    for (auto& [port, slot] : slots_) {
        slot.released = 0;
    }
}

Remembered Recall::remembered() const {
    Remembered all;
    if (lost_) {
        all.unknown_budget = UnknownBudget{lost_->entry.reason, window_ - lost_->age, {}};
    }
    std::vector<const Found<AttemptReserved>*> spent;
    for (const auto& [port, slot] : slots_) {
        for (const auto& attempt : slot.spent) {
            spent.push_back(&attempt);
        }
        if (slot.hold) {
            const auto& [seq, held, age] = *slot.hold;
            const auto left = held.lasts ? std::optional(*held.lasts - age) : std::nullopt;
            all.holds.push_back({port, left, held.by, held.reason});
        }
        if (slot.quarantine) {
            all.quarantines.push_back(slot.quarantine->entry);
        }
        if (!slot.open.empty()) {
            const OpenAttempt& newest =
                std::ranges::max_element(slot.open, {}, [](const auto& open) {
                    return open.second.reserved.seq;
                })->second;
            all.ambiguous.push_back({newest.reserved.entry, newest.reserved.age,
                                     newest.end ? newest.end->entry.how : ""});
        }
        if (slot.ill) {
            all.ill.push_back(slot.ill->entry);
        }
        if (slot.released != 0) {
            all.unknown_budget->known_again.push_back(port);
        }
    }
    std::ranges::sort(spent, {}, [](const auto* attempt) { return attempt->seq; });
    for (const auto* attempt : spent) {
        const AttemptReserved& reserved = attempt->entry;
        all.spent.push_back({reserved.port, reserved.root_port, reserved.automatic, attempt->age});
    }
    return all;
}

std::vector<std::uint64_t> Recall::needed() const {
    std::vector<std::uint64_t> seqs;
    const auto need = [&seqs](const auto& found) { seqs.push_back(found.seq); };
    if (lost_) {
        need(*lost_);
    }
    for (const auto& [port, slot] : slots_) {
        std::ranges::for_each(slot.spent, need);
        seqs.insert(seqs.end(), slot.ends.begin(), slot.ends.end());
        if (slot.hold) {
            need(*slot.hold);
        }
        if (slot.quarantine) {
            need(*slot.quarantine);
        }
        if (slot.ill) {
            need(*slot.ill);
        }
        for (const auto& [name, open] : slot.open) {
            need(open.reserved);
            if (open.end) {
                need(*open.end);
            }
        }
        if (slot.released != 0) {
            seqs.push_back(slot.released);
        }
    }
    std::ranges::sort(seqs);
    const auto twice = std::ranges::unique(seqs);
    seqs.erase(twice.begin(), twice.end());
    return seqs;
}

Remembered recall(std::span<const Row> rows, const Stamp& now, Duration window) {
    Recall recall(now, window);
    for (const Row& row : rows) {
        recall.add(row);
    }
    return recall.remembered();
}

}  // namespace slotd::history
