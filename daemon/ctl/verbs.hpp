#pragma once

#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"

namespace slotd::ctl {

/// Each verb asks slotd, prints, says with what to end.
ExitCode run_list(const Invocation& invocation);
ExitCode run_show(const ShowCommand& show, const Invocation& invocation);
ExitCode run_reset(const ResetCommand& reset, const Invocation& invocation);
ExitCode run_plan(const PlanCommand& plan, const Invocation& invocation);
ExitCode run_hold(const HoldCommand& hold, const Invocation& invocation);
ExitCode run_release(const ReleaseCommand& release, const Invocation& invocation);
ExitCode run_reload(const ReloadCommand& reload, const Invocation& invocation);
ExitCode run_config(const ConfigCommand& config, const Invocation& invocation);
ExitCode run_history(const HistoryCommand& history, const Invocation& invocation);
ExitCode run_top(const Invocation& invocation);
ExitCode run_watch(const Invocation& invocation);
/// Ends with what the monitoring system of `check` expects, whatever happens.
ExitCode run_check(const CheckCommand& check, const Invocation& invocation);
/// Ends as `check` does where it has examined something, else as every verb.
ExitCode run_doctor(const DoctorCommand& doctor, const Invocation& invocation);
/// These two read the journal and ask nobody.
ExitCode run_timeline(const TimelineCommand& wanted, const Invocation& invocation);
ExitCode run_replay(const ReplayCommand& wanted, const Invocation& invocation);
ExitCode run_metrics(const MetricsCommand& metrics, const Invocation& invocation);
ExitCode run_version(const Invocation& invocation);

/// The whole program.
ExitCode run(const Invocation& invocation);

}  // namespace slotd::ctl
