#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "coordinator/budget.hpp"
#include "coordinator/slot_event.hpp"
#include "coordinator/step.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "history/remembered.hpp"
#include "pci/address.hpp"
#include "policy/limits.hpp"

namespace slotd::coordinator {

/// Between the slots and the history: nothing is reserved before the history is open, nothing goes
/// on before it has the reservation, and what it remembers from before comes back to the slots
/// (invariant 7). A value.
class Ledger {
public:
    /// What follows for slots, and what is to be written.
    struct Decisions {
        std::vector<std::pair<pci::Address, SlotEvent>> events;
        std::vector<Remember> entries;
        std::vector<std::string> warnings;  ///< about the history as a whole
        bool operator==(const Decisions&) const = default;
    };

    Decisions reserve(const Reserve& wanted, Instant now, const policy::Limits& limits);
    /// An entry that nobody waits for; a release gives the slot's budget back.
    Decisions remember(const Remember& wanted, Instant now);
    Decisions history_said(const history::News& news, Instant now, const policy::Limits& limits);
    /// What the history knows of a slot that has just appeared.
    std::optional<Recalled> recalled(const pci::Address& port, Instant now) const;

    const Budget& budget() const { return budget_; }

    /// Why nothing can be reserved now; nullopt where it can.
    std::optional<std::string> problem() const;

    /// Reservations that the history has not answered yet.
    std::size_t open_reservations() const { return unwritten_.size() + early_.size(); }

private:
    /// Why a slot's budget cannot be told; nullopt where it can.
    std::optional<std::string> unknown(const pci::Address& port, Instant now,
                                       const policy::Limits& limits) const;
    void opened(const history::Opened& opened, Instant now, const policy::Limits& limits,
                Decisions& decisions);

    /// What no look can settle, and the incident that it is of.
    std::optional<std::pair<Unsettled, std::uint64_t>> unsettled(const pci::Address& port) const;
    void forget(const pci::Address& port);
    void well(const pci::Address& port);

    struct Waiting {
        pci::Address port;
        std::uint32_t attempt = 0;
        std::uint64_t incident = 0;
        bool operator==(const Waiting&) const = default;
    };

    enum class State : std::uint8_t { NotOpen, Open, Unusable };

    State state_ = State::NotOpen;
    std::string problem_;  ///< only while Unusable
    Budget budget_;
    history::Remembered remembered_;
    Instant remembered_at_;
    Duration window_then_{};      ///< the budget window of that time
    std::vector<Reserve> early_;  ///< asked for before the history was open
    std::map<history::Ticket, Waiting> unwritten_;
    history::Ticket last_ticket_ = 0;
};

}  // namespace slotd::coordinator
