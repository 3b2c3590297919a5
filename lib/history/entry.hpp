#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.hpp"
#include "history/stamp.hpp"
#include "pci/address.hpp"

namespace slotd::history {

/// The history is a log: what happened, one entry after the other. What holds now (budgets, holds,
/// quarantines) is what follows from it, see recall(). Slots and root ports are named by address;
/// the slot's name is a label for people.

struct IncidentOpened {
    std::uint64_t incident = 0;
    pci::Address port;
    std::string slot;
    std::string cause;
    bool operator==(const IncidentOpened&) const = default;
};

/// The end of an incident; or of an earlier one that had not ended well, once the slot is.
struct IncidentClosed {
    std::uint64_t incident = 0;
    pci::Address port;
    bool well = false;
    std::string how;
    bool frozen = false;  ///< not well though the card may look so: the kernel has given it up
    bool operator==(const IncidentClosed&) const = default;
};

/// Written, and on the disk, before the attempt touches anything: this is what spends the budget.
struct AttemptReserved {
    pci::Address port;
    pci::Address root_port;
    std::uint64_t incident = 0;
    std::uint32_t attempt = 0;  ///< number within slot and run of slotd
    std::string step;           ///< "slot", "reenumerate": the rung
    bool automatic = false;     ///< of slotd's own accord; those count against the budget
    std::string asked_by;       ///< who asked for it otherwise
    bool operator==(const AttemptReserved&) const = default;
};

/// The same slot, incident and attempt as its reservation.
struct AttemptEnded {
    pci::Address port;
    std::uint64_t incident = 0;
    std::uint32_t attempt = 0;
    bool well = false;
    bool ambiguous = false;  ///< what it did is unknown; never retried silently
    std::string how;
    bool operator==(const AttemptEnded&) const = default;
};

/// An operator's "hands off this slot". A later one replaces an earlier one.
struct Held {
    pci::Address port;
    std::optional<Duration>
        lasts;  ///< from the entry's stamp on, at most 292 years; nullopt: until released
    std::string by;
    std::string reason;
    bool operator==(const Held&) const = default;
};

/// Ends a hold and a quarantine, settles an unfinished attempt and gives the slot's budget back.
struct Released {
    pci::Address port;
    std::string by;
    std::string reason;
    bool operator==(const Released&) const = default;
};

/// The budget is spent: no automatic action until released.
struct Quarantined {
    pci::Address port;
    std::string reason;
    bool operator==(const Quarantined&) const = default;
};

/// What was before this entry, or part of it, is lost: how much of any budget is spent is unknown.
/// The store itself writes it.
struct HistoryLost {
    std::string reason;
    bool operator==(const HistoryLost&) const = default;
};

/// One thing to remember.
using Entry = std::variant<IncidentOpened, IncidentClosed, AttemptReserved, AttemptEnded, Held,
                           Released, Quarantined, HistoryLost>;

/// Text longer than this is cut before it is kept; longer text in a file is not ours.
inline constexpr std::size_t kTextBytesMax = 1024;

/// An entry as it is kept.
struct Row {
    std::uint64_t seq = 0;  ///< grows by one with each entry, never used twice, at most 2^63 - 1
    Stamp at;
    Entry entry;
    bool operator==(const Row&) const = default;
};

/// "incident-opened", ...: the stable name in the file and in JSON.
const char* name_of(const Entry& entry);
/// The slot that it is about; nullopt only for HistoryLost.
std::optional<pci::Address> port_of(const Entry& entry);
/// 0 for one that belongs to no incident.
std::uint64_t incident_of(const Entry& entry);
/// Whether it must survive a power cut once it is said to be written. The others (incidents, ends
/// of attempts) may be lost: an attempt whose end is lost counts as unfinished, which is the safe
/// side.
bool must_survive_power_cut(const Entry& entry);

}  // namespace slotd::history
