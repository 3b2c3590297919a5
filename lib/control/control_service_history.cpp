#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "control/answers.hpp"
#include "control/backend.hpp"
#include "control/control_service.hpp"
#include "control/fault.hpp"
#include "control/find_slot.hpp"
#include "control/history_reply.hpp"
#include "control/message.hpp"
#include "history/entry.hpp"
#include "history/query.hpp"
#include "pci/address.hpp"
#include "report/history_list.hpp"

namespace slotd::control {

void ControlService::history(ConnectionId id, Connection& connection, const AskHistory& ask,
                             bool oneway) {
    // One more than wanted: whether there are more.
    history::Query query{{}, ask.incident, ask.since_us, ask.limit + 1};
    if (!ask.slot.empty()) {
        const auto found = find_slot(backend_.slots(), ask.slot);
        // Ports go, and what happened there is still remembered.
        query.port = found ? found->slot.port : pci::Address::parse(ask.slot);
        if (!query.port) {
            fail(id, found.error(), oneway);
            return;
        }
    }
    if (oneway) {
        return;  // nobody would hear of it
    }
    connection.short_call = WaitingHistory{{++last_request_, query}};
    ask_next_history();
}

void ControlService::ask_next_history() {
    if (history_asked_ != 0) {
        return;
    }
    const HistoryRequested* next = nullptr;
    for (const auto& [id, connection] : connections_) {
        const auto* const waiting = std::get_if<WaitingHistory>(&connection.short_call);
        if (waiting != nullptr && (next == nullptr || waiting->request.request < next->request)) {
            next = &waiting->request;
        }
    }
    if (next != nullptr) {
        history_asked_ = next->request;
        backend_.history(HistoryRequested(*next));  // the answer may come from within
    }
}

void ControlService::answer(const HistoryAnswer& answer) {
    if (answer.request != history_asked_) {
        return;
    }
    history_asked_ = 0;
    for (auto& [id, connection] : connections_) {
        const auto* const waiting = std::get_if<WaitingHistory>(&connection.short_call);
        if (waiting == nullptr || waiting->request.request != answer.request) {
            continue;
        }
        const std::size_t limit = waiting->request.query.limit - 1;
        connection.short_call = std::monostate{};
        if (!answer.rows) {
            fail(id, Refused{"the history cannot be read now: " + answer.rows.error().message()},
                 false);
            break;
        }
        HistoryReply found;
        found.more = answer.rows->size() > limit;
        for (std::size_t at = found.more ? 1 : 0; at < answer.rows->size(); ++at) {
            found.items.push_back(report::item_of(answer.rows->at(at)));
        }
        reply(id, found, false);
        break;
    }
    ask_next_history();
}

}  // namespace slotd::control
