#include <expected>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "control/message.hpp"
#include "control/metrics_call.hpp"
#include "daemon/ctl/ask.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/textfile.hpp"
#include "daemon/ctl/verbs.hpp"
#include "metrics/exposition.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

ExitCode run_metrics(const MetricsCommand& metrics, const Invocation& invocation) {
    if (metrics.textfile.empty()) {
        return ask(invocation, control::GetMetrics{},
                   read_as(control::decode_metrics,
                           [](const control::MetricsReply& reply) { return reply.text; }));
    }
    auto session =
        Session::call(invocation.socket, control::GetMetrics{metrics::Format::Prometheus}, false);
    if (!session) {
        return session.error();
    }
    const auto reply = session->answer(kAnswerTime);
    if (!reply) {
        return reply.error();
    }
    const auto text = control::decode_metrics(reply->parameters);
    if (!text) {
        return not_understood(text.error());
    }
    if (const auto written = write_textfile(metrics.textfile, text->text); !written) {
        complain(report::printable(written.error().message()));
        return ExitCode::OutcomeUnknown;
    }
    return ExitCode::Ok;
}

}  // namespace slotd::ctl
