#include "daemon/outlets.hpp"

#include <optional>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "coordinator/slot_status.hpp"
#include "engine/ports.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "os/history_stamp.hpp"

namespace slotd::daemon {

void Records::write(const action::Record& record) {
    journal_.write(record);
    if (service_ != nullptr) {
        service_->publish(record);
    }
}

void Answers::answer(const engine::ResetAnswer& answer) {
    if (service_ != nullptr) {
        service_->answer({answer.request, answer.succeeded, answer.outcome, answer.text});
    }
}

void Answers::answer(const engine::PlanAnswer& /*answer*/) {
    // No method asks for a plan yet.
}

void Memory::append(const history::Entry& entry, std::optional<history::Ticket> ticket) {
    store_.append(entry, os::read_stamp(), ticket);
}

std::vector<coordinator::SlotStatus> EngineBackend::slots() const {
    return engine_.coordinator().statuses(loop_.now());
}

std::vector<std::string> EngineBackend::preview(const event::ResetRequested& request) const {
    return engine_.coordinator().preview(request);
}

void EngineBackend::submit(const event::ResetRequested& request) {
    engine_.submit(request, loop_.now());
}

}  // namespace slotd::daemon
