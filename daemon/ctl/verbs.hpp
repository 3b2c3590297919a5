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
ExitCode run_watch(const Invocation& invocation);
/// Ends with what the monitoring system of `check` expects, whatever happens.
ExitCode run_check(const CheckCommand& check, const Invocation& invocation);
ExitCode run_metrics(const MetricsCommand& metrics, const Invocation& invocation);
ExitCode run_version(const Invocation& invocation);

/// The whole program.
ExitCode run(const Invocation& invocation);

}  // namespace slotd::ctl
