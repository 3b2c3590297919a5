#include "event/outcome.hpp"

#include <string>
#include <system_error>

namespace slotd::event {

const char* to_text(OutcomeKind kind) {
    switch (kind) {
        case OutcomeKind::Done:
            return "done";
        case OutcomeKind::AlreadySo:
            return "already so";
        case OutcomeKind::Gone:
            return "gone";
        case OutcomeKind::Refused:
            return "refused";
        case OutcomeKind::Failed:
            return "failed";
        case OutcomeKind::TimedOut:
            return "timed out";
        case OutcomeKind::ExecutorLost:
            return "slotd-exec is gone";
        case OutcomeKind::WorkerLost:
            return "worker died";
    }
    return "unknown";
}

std::string Outcome::to_string() const {
    std::string text = to_text(kind);
    if (!context.empty()) {
        text += ": " + context;
    }
    if (os_errno != 0) {
        text += ": " + std::generic_category().message(os_errno);
    }
    return text;
}

}  // namespace slotd::event
