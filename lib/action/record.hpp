#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "pci/address.hpp"

namespace slotd::action {

/// syslog priorities that slotd uses.
enum class Priority : std::uint8_t {
    Critical = 2,
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7
};

/// The kind of a line; each has one MESSAGE_ID and, from the package on, one catalog text.
enum class RecordKind : std::uint8_t {
    DaemonStarted,
    DaemonStopping,
    PhaseChanged,  ///< a slot went from one phase to another, with the reason
    IncidentOpened,
    IncidentClosed,
    EffectFailed,
    Wedged,
    RequestAccepted,
    RequestRefused,
    EventsMissed,
    GateProblem,    ///< a gate could not be closed or opened
    NoAction,       ///< what slotd would have done, and why it did not
    OverlapSeen,    ///< the kernel acted on both sides of one slot at once
    SlotsChanged,   ///< ports came or went
    InUse,          ///< who uses what a step would disturb; refused, or overridden by whom
    Quarantined,    ///< a slot is set aside until it is released
    Held,           ///< an operator holds a slot, or has let it go
    History,        ///< what the history cannot remember, or what it remembers from before
    VfsDiffer,      ///< virtual functions are not as they were
    Configuration,  ///< another configuration is in force, or was refused
};

/// "phase-changed", ...: the stable name in JSON.
const char* to_text(RecordKind kind);
/// Of all of them, in their order.
std::span<const RecordKind> all_record_kinds();

/// One line for one decision, with the reason; journal, stderr and subscribers get the same.
struct Record {
    Priority priority = Priority::Info;
    RecordKind kind = RecordKind::PhaseChanged;
    std::optional<pci::Address> port;
    std::string slot;            ///< the port's slot name, a label; empty where there is none
    std::uint64_t incident = 0;  ///< 0: belongs to none
    std::uint32_t attempt = 0;   ///< 0: none
    std::string phase;           ///< of the slot after this decision; empty without a slot
    std::string text;            ///< whole sentence for a person
    /// What the line follows from, as evidence::encode() writes it; empty where slotd says
    /// something of its own accord. For the journal alone.
    std::string event = {};
    std::uint64_t suppressed = 0;  ///< stands for so many lines that were held back

    bool operator==(const Record&) const = default;
};

}  // namespace slotd::action
