#include <variant>

#include "base/overloaded.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/verbs.hpp"

namespace slotd::ctl {

ExitCode run(const Invocation& invocation) {
    return std::visit(
        Overloaded{
            [&](const ListCommand&) { return run_list(invocation); },
            [&](const ShowCommand& show) { return run_show(show, invocation); },
            [&](const ResetCommand& reset) { return run_reset(reset, invocation); },
            [&](const PlanCommand& plan) { return run_plan(plan, invocation); },
            [&](const HoldCommand& hold) { return run_hold(hold, invocation); },
            [&](const ReleaseCommand& release) { return run_release(release, invocation); },
            [&](const ReloadCommand& reload) { return run_reload(reload, invocation); },
            [&](const ConfigCommand& config) { return run_config(config, invocation); },
            [&](const HistoryCommand& history) { return run_history(history, invocation); },
            [&](const TopCommand&) { return run_top(invocation); },
            [&](const WatchCommand&) { return run_watch(invocation); },
            [&](const CheckCommand& check) { return run_check(check, invocation); },
            [&](const DoctorCommand& doctor) { return run_doctor(doctor, invocation); },
            [&](const TimelineCommand& one) { return run_timeline(one, invocation); },
            [&](const ReplayCommand& one) { return run_replay(one, invocation); },
            [&](const MetricsCommand& metrics) { return run_metrics(metrics, invocation); },
            [&](const VersionCommand&) { return run_version(invocation); },
        },
        invocation.command);
}

}  // namespace slotd::ctl
