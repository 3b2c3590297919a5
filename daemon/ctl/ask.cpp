#include "daemon/ctl/ask.hpp"

#include "base/time.hpp"
#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"

namespace slotd::ctl {

ExitCode ask(const Invocation& invocation, const control::Method& method, const ReplyText& text_of,
             Duration time) {
    auto session = Session::call(invocation.socket, method, false);
    if (!session) {
        return session.error();
    }
    const auto reply = session->answer(time);
    if (!reply) {
        return reply.error();
    }
    if (invocation.json) {
        return finish(print(reply->parameters + "\n"), ExitCode::Ok);
    }
    const auto text = text_of(reply->parameters);
    if (!text) {
        return not_understood(text.error());
    }
    return finish(print(*text), ExitCode::Ok);
}

}  // namespace slotd::ctl
