#include "action/record.hpp"

#include <array>
#include <span>

namespace slotd::action {

namespace {

constexpr std::array kKinds{
    RecordKind::DaemonStarted,  RecordKind::DaemonStopping,
    RecordKind::PhaseChanged,   RecordKind::IncidentOpened,
    RecordKind::IncidentClosed, RecordKind::EffectFailed,
    RecordKind::Wedged,         RecordKind::RequestAccepted,
    RecordKind::RequestRefused, RecordKind::EventsMissed,
    RecordKind::GateProblem,    RecordKind::NoAction,
    RecordKind::OverlapSeen,    RecordKind::SlotsChanged,
    RecordKind::InUse,          RecordKind::Quarantined,
    RecordKind::Held,           RecordKind::History,
    RecordKind::VfsDiffer,      RecordKind::Configuration,
};

}  // namespace

std::span<const RecordKind> all_record_kinds() {
    return kKinds;
}

const char* to_text(RecordKind kind) {
    switch (kind) {
        case RecordKind::DaemonStarted:
            return "daemon-started";
        case RecordKind::DaemonStopping:
            return "daemon-stopping";
        case RecordKind::PhaseChanged:
            return "phase-changed";
        case RecordKind::IncidentOpened:
            return "incident-opened";
        case RecordKind::IncidentClosed:
            return "incident-closed";
        case RecordKind::EffectFailed:
            return "effect-failed";
        case RecordKind::Wedged:
            return "wedged";
        case RecordKind::RequestAccepted:
            return "request-accepted";
        case RecordKind::RequestRefused:
            return "request-refused";
        case RecordKind::EventsMissed:
            return "events-missed";
        case RecordKind::GateProblem:
            return "gate-problem";
        case RecordKind::NoAction:
            return "no-action";
        case RecordKind::OverlapSeen:
            return "overlap-seen";
        case RecordKind::SlotsChanged:
            return "slots-changed";
        case RecordKind::InUse:
            return "in-use";
        case RecordKind::Quarantined:
            return "quarantined";
        case RecordKind::Held:
            return "held";
        case RecordKind::History:
            return "history";
        case RecordKind::VfsDiffer:
            return "vfs-differ";
        case RecordKind::Configuration:
            return "configuration";
    }
    return "unknown";
}

}  // namespace slotd::action
