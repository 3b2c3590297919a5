#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "control/access.hpp"
#include "control/backend.hpp"
#include "control/control_service.hpp"
#include "control/fault.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "control/plan_reply.hpp"
#include "event/request.hpp"

namespace slotd::control {

// An answer may come from within the backend's call: so the connection waits before it is made.

void ControlService::hold(ConnectionId id, Connection& connection, const HoldSlot& hold,
                          bool oneway) {
    const auto found = find(id, hold.slot, oneway);
    if (!found) {
        return;
    }
    const event::HoldRequested request{++last_request_, found->slot.port, hold.lasts,
                                       requester(connection, hold.reason)};
    if (!oneway) {
        connection.short_call = WaitingAct{{request.request, request.port, {}}};
    }
    backend_.hold(request);
}

void ControlService::release(ConnectionId id, Connection& connection, const ReleaseSlot& release,
                             bool oneway) {
    const auto found = find(id, release.slot, oneway);
    if (!found) {
        return;
    }
    const event::ReleaseRequested request{++last_request_, found->slot.port,
                                          requester(connection, release.reason)};
    if (!oneway) {
        connection.short_call = WaitingAct{{request.request, request.port, {}}};
    }
    backend_.release(request);
}

void ControlService::plan(ConnectionId id, Connection& connection, const PlanReset& plan,
                          bool oneway) {
    const auto found = find(id, plan.target, oneway);
    if (!found || oneway) {
        return;  // nobody would hear of it
    }
    const event::PlanRequested request{++last_request_, found->slot.port, found->function,
                                       plan.method, requester(connection, "")};
    WaitingPlan waiting{request.request, {}};
    waiting.reply.port = request.port;
    waiting.reply.function = request.function;
    connection.short_call = std::move(waiting);
    backend_.plan(request);
}

void ControlService::reload(ConnectionId id, const Connection& connection,
                            const ReloadConfig& reload, bool oneway) {
    auto done = backend_.reload(requester(connection, reload.reason));
    if (done) {
        reply(id, std::move(*done), oneway);
    } else {
        fail(id, BadConfiguration{std::move(done.error())}, oneway);
    }
}

void ControlService::config(ConnectionId id, const GetConfig& config, bool oneway) {
    if (config.slot.empty()) {
        reply(id, backend_.config(std::nullopt), oneway);
    } else if (const auto found = find(id, config.slot, oneway)) {
        reply(id, backend_.config(found->slot.port), oneway);
    }
}

void ControlService::finish_act(ConnectionId id, Connection& connection, const Answer& answer) {
    DoneReply done = std::move(std::get<WaitingAct>(connection.short_call).reply);
    connection.short_call = std::monostate{};
    if (!answer.succeeded) {
        fail(id, Refused{answer.text}, false);
        return;
    }
    done.text = answer.text;
    reply(id, done, false);
}

void ControlService::answer(const PlanAnswer& answer) {
    for (auto& [id, connection] : connections_) {
        const auto* const waiting = std::get_if<WaitingPlan>(&connection.short_call);
        if (waiting == nullptr || waiting->request != answer.request) {
            continue;
        }
        PlanReply plan = answer.plan;
        plan.port = waiting->reply.port;
        plan.function = waiting->reply.function;
        connection.short_call = std::monostate{};
        reply(id, plan, false);
        return;
    }
}

bool ControlService::borrow(Connection& connection, std::unique_ptr<Loan> loan) {
    if (connection.role != Role::Operator) {
        return true;  // closed here: no call of this connection may take them
    }
    std::size_t count = loan->count();
    for (const LoanAt& waiting : connection.loans) {
        count += waiting.loan->count();
    }
    if (count > kLoanDescriptorsMax) {
        return false;
    }
    connection.loans.push_back({connection.framing.pushed(), std::move(loan)});
    return true;
}

ControlService::Loans ControlService::loans_of_call(Connection& connection) {
    Loans taken;
    auto& waiting = connection.loans;
    while (!waiting.empty() && waiting.front().end <= connection.framing.taken()) {
        taken.push_back(std::move(waiting.front().loan));
        waiting.erase(waiting.begin());
    }
    return taken;
}

}  // namespace slotd::control
