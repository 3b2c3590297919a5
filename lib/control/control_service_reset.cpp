#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "base/assert.hpp"
#include "control/backend.hpp"
#include "control/control_service.hpp"
#include "control/fault.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "event/request.hpp"

namespace slotd::control {

namespace {

/// An outcome that says that nothing was touched is an error reply.
std::optional<Fault> fault_of(const Answer& answer) {
    if (answer.outcome == "refused") {
        return Refused{answer.text};
    }
    return answer.outcome == "in-use" ? std::optional<Fault>(InUse{answer.text}) : std::nullopt;
}

/// What is wrong with what came with a call that lends; nullopt when nothing is.
std::optional<Fault> wrong_loan(const std::vector<std::unique_ptr<Loan>>& loans) {
    if (loans.size() != 1 || loans.front()->count() == 0) {
        return InvalidParameter{"lend"};
    }
    return loans.front()->whole()
               ? std::nullopt
               : std::optional<Fault>(Refused{"not all descriptors that were lent have arrived"});
}

}  // namespace

event::Requester ControlService::requester(const Connection& connection,
                                           const std::string& reason) {
    return {connection.peer.uid, connection.peer.pid, connection.peer.unit, reason};
}

void ControlService::reset(ConnectionId id, Connection& connection, const ResetTarget& target,
                           const Incoming& incoming, Loans loans) {
    const auto found = find(id, target.target, incoming.oneway);
    if (!found) {
        return;
    }
    if (target.lend) {
        if (const auto wrong = wrong_loan(loans)) {
            fail(id, *wrong, incoming.oneway);
            return;
        }
    } else {
        loans.clear();
    }
    event::ResetRequested request{.request = 0,
                                  .port = found->slot.port,
                                  .function = found->function,
                                  .method = target.method,
                                  .requester = requester(connection, target.reason),
                                  .force = target.force,
                                  .lent = target.lend};
    ResetReply common{.state = ResetState::Planned,
                      .request = 0,
                      .port = request.port,
                      .function = request.function,
                      .plan = {},
                      .record = std::nullopt,
                      .end = std::nullopt};
    if (target.dry_run) {
        common.plan = backend_.preview(request);
        reply(id, common, incoming.oneway);
        return;
    }
    request.request = common.request = ++last_request_;
    const Submission submission = submit(request, target.lend ? std::move(loans.front()) : nullptr);
    finish_submission(id, connection, submission, std::move(common), target, incoming);
}

ControlService::Submission ControlService::submit(const event::ResetRequested& request,
                                                  std::unique_ptr<Loan> loan) {
    SLOTD_ASSERT(!submission_);
    submission_ = Submission{request.request, request.port, {}, std::nullopt};
    backend_.submit(request, std::move(loan));
    Submission done = std::move(*submission_);
    submission_.reset();
    return done;
}

void ControlService::finish_submission(ConnectionId id, Connection& connection,
                                       const Submission& submission, ResetReply common,
                                       const ResetTarget& target, const Incoming& incoming) {
    const auto& answer = submission.answer;
    if (const auto fault = answer ? fault_of(*answer) : std::nullopt) {
        fail(id, *fault, incoming.oneway);
        return;
    }
    common.state = ResetState::Accepted;
    const bool stays = target.wait && !incoming.oneway;
    if (!stays || incoming.more) {
        reply(id, common, incoming.oneway, stays);
    }
    if (!stays) {
        return;
    }
    connection.reset = WaitingReset{std::move(common), incoming.more, 0};
    for (const action::Record& record : submission.records) {
        progress(id, *connection.reset, record);
    }
    if (answer) {
        finish(id, connection, *answer);
    }
}

void ControlService::progress(ConnectionId id, WaitingReset& reset, const action::Record& record) {
    const bool of_slot = record.port == reset.reply.port;
    if (of_slot && record.incident != 0) {
        reset.incident = record.incident;
    }
    const bool of_incident = record.incident != 0 && record.incident == reset.incident;
    if (!reset.more || (!of_slot && !of_incident)) {
        return;
    }
    ResetReply reply = reset.reply;
    reply.state = ResetState::Progress;
    reply.record = record;
    // Progress is for the eye. Whoever does not read still gets the end.
    (void)sink_->offer(id, encode_reply(reply, true));
}

void ControlService::finish(ConnectionId id, Connection& connection, const Answer& answer) {
    ResetReply reply = std::move(connection.reset->reply);
    connection.reset.reset();
    if (const auto fault = fault_of(answer)) {
        sink_->send(id, encode_fault(*fault));
        return;
    }
    reply.state = ResetState::Finished;
    reply.end = ResetEnd{answer.succeeded, answer.outcome, answer.text};
    sink_->send(id, encode_reply(reply, false));
}

void ControlService::answer(const Answer& answer) {
    if (submission_ && submission_->request == answer.request) {
        submission_->answer = answer;
        return;
    }
    for (auto& [id, connection] : connections_) {
        if (connection.reset && connection.reset->reply.request == answer.request) {
            finish(id, connection, answer);
            return;
        }
        const auto* const act = std::get_if<WaitingAct>(&connection.short_call);
        if (act != nullptr && act->reply.request == answer.request) {
            finish_act(id, connection, answer);
            return;
        }
    }
}

}  // namespace slotd::control
