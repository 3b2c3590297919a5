#include "metrics/words.hpp"

#include <string_view>

#include "base/assert.hpp"
#include "coordinator/gate.hpp"
#include "history/entry.hpp"
#include "pci/service.hpp"

namespace slotd::metrics {

// The sentences are the coordinator's; tests/unit/metrics/words_test.cpp has it make each of them.

Cause cause_of(const history::IncidentOpened& opened) {
    const std::string_view cause = opened.cause;
    if (cause.starts_with("fatal error of ")) {
        return Cause::FatalError;
    }
    if (cause.starts_with("non-fatal error of ")) {
        return Cause::NonFatalError;
    }
    if (cause.starts_with("kernel recovers ")) {
        return Cause::KernelRecovery;
    }
    if (cause.starts_with("the driver of ")) {
        return Cause::DriverWedged;
    }
    if (cause.ends_with(" without a hot-plug event")) {
        return Cause::CardChanged;
    }
    // Whatever somebody gives as a reason stands at the end of it.
    return cause.starts_with("reset by ") ? Cause::Request : Cause::Other;
}

IncidentOutcome outcome_of(const history::IncidentClosed& closed) {
    if (!closed.well) {
        return IncidentOutcome::Failed;
    }
    return closed.how.starts_with("refused, nothing was touched: ") ? IncidentOutcome::Refused
                                                                    : IncidentOutcome::Recovered;
}

AttemptOutcome outcome_of(const history::AttemptEnded& ended) {
    if (ended.well) {
        return AttemptOutcome::Succeeded;
    }
    if (ended.ambiguous) {
        return AttemptOutcome::Unknown;
    }
    const std::string_view how = ended.how;
    const bool withdrawn = how.starts_with("gave way to the kernel") ||
                           how.starts_with("called back: ") ||
                           how.starts_with("left before anything was touched");
    return withdrawn ? AttemptOutcome::Withdrawn : AttemptOutcome::Failed;
}

std::string_view word_of(const coordinator::Gate& gate) {
    switch (gate.kind) {
        case coordinator::GateKind::Fence:
            return "fence";
        case coordinator::GateKind::HotplugMask:
            return "hotplug-mask";
        case coordinator::GateKind::Vfs:
            return "vfs";
        case coordinator::GateKind::Service:
            return pci::driver_name(gate.service);
    }
    return "";
}

}  // namespace slotd::metrics
