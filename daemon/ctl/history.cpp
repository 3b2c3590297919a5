#include <chrono>
#include <cstdint>
#include <optional>

#include "control/history_reply.hpp"
#include "control/message.hpp"
#include "daemon/ctl/ask.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/since.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "report/history_list.hpp"

namespace slotd::ctl {

ExitCode run_history(const HistoryCommand& history, const Invocation& invocation) {
    control::AskHistory ask{history.slot, history.incident, std::nullopt, history.limit};
    if (history.since) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        ask.since_us = microseconds_of(
            *history.since, std::chrono::duration_cast<std::chrono::microseconds>(now).count());
    }
    return ctl::ask(invocation, ask,
                    read_as(control::decode_history, [&](const control::HistoryReply& reply) {
                        return report::history_list(reply, local_date_and_time,
                                                    stdout_style(invocation.colour));
                    }));
}

}  // namespace slotd::ctl
