#include <string>

#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

ExitCode run_version(const Invocation& invocation) {
    // slotctl's own is known whether or not somebody answers; JSON is slotd's reply and nothing
    // else.
    if (!invocation.json && !print(std::string("slotctl ") + SLOTD_VERSION + "\n")) {
        return finish(false, ExitCode::Ok);
    }
    auto session = Session::call(invocation.socket, control::GetVersion{}, false);
    if (!session) {
        return session.error();
    }
    const auto reply = session->answer();
    if (!reply) {
        return reply.error();
    }
    if (invocation.json) {
        return finish(print(reply->parameters + "\n"), ExitCode::Ok);
    }
    const auto version = control::decode_version(reply->parameters);
    if (!version) {
        return not_understood(version.error());
    }
    return finish(print("slotd " + report::printable(version->version) + "\n"), ExitCode::Ok);
}

}  // namespace slotd::ctl
