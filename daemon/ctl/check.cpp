#include <string>
#include <utility>

#include "control/message.hpp"
#include "daemon/ctl/absence.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "report/health.hpp"

namespace slotd::ctl {

namespace {

using report::Severity;

/// node-problem-detector's custom plugins know "no problem", "problem" and "do not know"; a warning
/// is none of its problems.
int exit_code_of(Severity severity, CheckFor reader) {
    if (reader == CheckFor::Nagios) {
        return std::to_underlying(severity);
    }
    return severity == Severity::Unknown ? 2 : severity == Severity::Critical ? 1 : 0;
}

ExitCode ended(Severity severity, CheckFor reader, const std::string& text) {
    const ExitCode code{exit_code_of(severity, reader)};
    return print(text) ? code : ExitCode{exit_code_of(Severity::Unknown, reader)};
}

}  // namespace

ExitCode run_check(const CheckCommand& check, const Invocation& invocation) {
    // What went wrong is on stderr by then; who reads stdout alone gets a line too.
    const auto unknown = [&](const std::string& why) {
        return ended(Severity::Unknown, check.reader,
                     "SLOTD UNKNOWN: slotd did not answer" + why + "\n");
    };
    auto session = Session::call(invocation.socket, control::ListSlots{}, false);
    if (!session) {
        return unknown("; " + why_slotd_is_silent());
    }
    const auto reply = session->answer(kAnswerTime);
    if (!reply) {
        return unknown("; " + why_slotd_is_silent());
    }
    const auto list = control::decode_slots(reply->parameters);
    if (!list) {
        (void)not_understood(list.error());
        return unknown(" in words that are understood here");
    }
    const report::Health health = report::health_of(list->slots);
    return ended(health.severity, check.reader,
                 invocation.json ? reply->parameters + "\n" : health.text);
}

}  // namespace slotd::ctl
