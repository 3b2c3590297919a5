#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "report/slot_table.hpp"

namespace slotd::ctl {

ExitCode run_list(const Invocation& invocation) {
    auto session = Session::call(invocation.socket, control::ListSlots{}, false);
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
    const auto list = control::decode_slots(reply->parameters);
    if (!list) {
        return not_understood(list.error());
    }
    return finish(print(report::slot_table(list->slots, stdout_style())), ExitCode::Ok);
}

}  // namespace slotd::ctl
