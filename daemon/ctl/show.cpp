#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "report/slot_table.hpp"

namespace slotd::ctl {

ExitCode run_show(const ShowCommand& show, const Invocation& invocation) {
    auto session = Session::call(invocation.socket, control::ShowSlot{show.slot}, false);
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
    const auto shown = control::decode_slot(reply->parameters);
    if (!shown) {
        return not_understood(shown.error());
    }
    return finish(print(report::slot_page(shown->slot, stdout_style())), ExitCode::Ok);
}

}  // namespace slotd::ctl
