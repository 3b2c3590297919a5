#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "event/request.hpp"
#include "report/printable.hpp"
#include "report/record_line.hpp"

namespace slotd::ctl {

namespace {

using control::ResetReply;
using control::ResetState;

std::string subject(const ResetReply& reply) {
    return reply.function
               ? fmt::format("{} in {}", reply.function->to_string(), reply.port.to_string())
               : reply.port.to_string();
}

std::string text_of(const ResetReply& reply, Colour colour) {
    switch (reply.state) {
        case ResetState::Planned:
            return {};  // only of a dry run, which is asked for as a plan
        case ResetState::Accepted:
            return fmt::format("request {}: reset of {} accepted\n", reply.request, subject(reply));
        case ResetState::Progress:
            return reply.record ? report::record_line(*reply.record, stdout_style(colour)) + "\n"
                                : std::string{};
        case ResetState::Finished:
            return reply.end ? fmt::format("{}: {}\n", report::printable(reply.end->outcome),
                                           report::printable(reply.end->text))
                             : std::string{};
    }
    return {};
}

/// How the wait for the end of one request goes on.
class Waiting {
public:
    explicit Waiting(std::optional<Duration> timeout) {
        if (timeout) {
            deadline_ = std::chrono::steady_clock::now() + *timeout;
        }
    }

    void saw(const ResetReply& reply) { request_ = reply.request; }

    std::optional<Duration> left() const {
        if (!deadline_) {
            return std::nullopt;
        }
        return std::max<Duration>(*deadline_ - std::chrono::steady_clock::now(), Duration::zero());
    }

    /// Nobody must believe that leaving has stopped anything.
    void say_it_goes_on() const {
        complain(request_ == 0
                     ? std::string("no longer waiting; whether slotd has accepted is unknown")
                     : fmt::format("no longer waiting; request {} goes on in slotd, see "
                                   "'slotctl watch'",
                                   request_));
    }

private:
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    event::RequestId request_ = 0;
};

ExitCode code_of(const ResetReply& reply) {
    if (reply.state != ResetState::Finished) {
        return ExitCode::Ok;
    }
    const std::string outcome = reply.end ? reply.end->outcome : std::string{};
    if (outcome == "degraded") {
        return ExitCode::Degraded;
    }
    if (outcome == "unknown") {
        return ExitCode::OutcomeUnknown;
    }
    return reply.end && reply.end->succeeded ? ExitCode::Ok : ExitCode::Failed;
}

ExitCode follow(Session& session, const ResetCommand& reset, const Invocation& invocation,
                const Interrupts* interrupts) {
    Waiting waiting(reset.wait ? reset.timeout : std::optional<Duration>(kAnswerTime));
    for (;;) {
        const auto reply = session.next(waiting.left(), interrupts);
        if (!reply) {
            if (reply.error() == ExitCode::OutcomeUnknown) {
                waiting.say_it_goes_on();
            }
            return reply.error();
        }
        if (!*reply) {
            waiting.say_it_goes_on();
            return interrupts->taken();
        }
        const auto state = control::decode_reset((*reply)->parameters);
        if (!state) {
            return not_understood(state.error());
        }
        waiting.saw(*state);
        const bool printed = print(invocation.json ? (*reply)->parameters + "\n"
                                                   : text_of(*state, invocation.colour));
        if (!printed || !(*reply)->continues) {
            return finish(printed, code_of(*state));
        }
    }
}

}  // namespace

ExitCode run_reset(const ResetCommand& reset, const Invocation& invocation) {
    if (reset.dry_run) {
        return run_plan({reset.target, reset.method}, invocation);
    }
    std::optional<Interrupts> interrupts;
    if (reset.wait) {
        interrupts.emplace();
    }
    control::ResetTarget call;
    call.target = reset.target;
    call.method = reset.method;
    call.reason = reset.reason;
    call.wait = reset.wait;
    call.force = reset.force;
    auto session = Session::call(invocation.socket, call, reset.wait);
    if (!session) {
        return session.error();
    }
    return follow(*session, reset, invocation, interrupts ? &*interrupts : nullptr);
}

}  // namespace slotd::ctl
