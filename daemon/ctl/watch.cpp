#include <fmt/format.h>

#include <optional>
#include <string>

#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/local_time.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "report/record_line.hpp"

namespace slotd::ctl {

namespace {

std::string lines_of(const control::RecordReply& reply, Colour colour) {
    std::string lines;
    if (reply.missed != 0) {
        lines += fmt::format("{} ... {} records missed: this watch was not read fast enough\n",
                             local_time(), reply.missed);
    }
    return lines + local_time() + " " + report::record_line(reply.record, stdout_style(colour)) +
           "\n";
}

}  // namespace

ExitCode run_watch(const Invocation& invocation) {
    const Interrupts interrupts;
    auto session = Session::call(invocation.socket, control::Subscribe{}, true);
    if (!session) {
        return session.error();
    }
    for (;;) {
        const auto reply = session->next(std::nullopt, &interrupts);
        if (!reply) {
            return reply.error();
        }
        if (!*reply) {
            return interrupts.taken();
        }
        std::string lines = (*reply)->parameters + "\n";
        if (!invocation.json) {
            const auto record = control::decode_record((*reply)->parameters);
            if (!record) {
                return not_understood(record.error());
            }
            lines = lines_of(*record, invocation.colour);
        }
        if (!print(lines)) {
            return finish(false, ExitCode::Ok);
        }
        if (!(*reply)->continues) {
            return ExitCode::Ok;
        }
    }
}

}  // namespace slotd::ctl
