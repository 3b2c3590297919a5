#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/configuration.hpp"
#include "daemon/executor_keeper.hpp"
#include "daemon/hooks.hpp"
#include "engine/engine.hpp"
#include "event/casebook.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "report/checkup.hpp"

namespace slotd::daemon {

/// Takes down what no decision needs, and answers `slotctl doctor` with it. What it is told of has
/// been acted upon before: nothing waits for it.
class DoctorDesk {
public:
    /// `sysfs`: where slotd looks for the machine. The others outlive it.
    DoctorDesk(std::string sysfs, const Configuration& configuration, const engine::Engine& engine,
               const ExecutorKeeper& keeper, const Hooks& hooks);

    void heard(const event::KernelEvent& event);
    void seen(const event::Outcome& outcome);

    void no_trace(std::string problem) { trace_problem_ = std::move(problem); }

    void trace_without(std::vector<std::string> unseen) { trace_unseen_ = std::move(unseen); }

    /// From memory, but for the names of the hooks.
    report::DaemonNotes notes() const;

private:
    std::string sysfs_;
    const Configuration& configuration_;
    const engine::Engine& engine_;
    const ExecutorKeeper& keeper_;
    const Hooks& hooks_;
    event::Casebook book_;
    std::optional<std::string> trace_problem_;
    std::vector<std::string> trace_unseen_;
};

}  // namespace slotd::daemon
