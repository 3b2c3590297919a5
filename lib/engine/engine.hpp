#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"

namespace slotd::engine {

/// Carries out what the coordinator decides: starts effects, writes records, answers requests,
/// scans the topology when something says that it changed. Every call returns without blocking; the
/// caller delivers what comes back and wakes it at next_deadline(). The ports outlive it.
class Engine {
public:
    struct Ports {
        Executor& executor;
        TopologySource& topology;
        RecordSink& records;
        RequestSink& requests;
    };

    Engine(coordinator::Settings settings, Ports ports);

    /// The first scan. An error here is the caller's to act on: without ports there is nothing to
    /// watch.
    Status start(Instant now);

    void kernel_said(const event::KernelEvent& event, Instant now);
    /// All events that were waiting have been delivered: what they changed is scanned once.
    void kernel_drained(Instant now);
    void effect_finished(event::EffectId id, const event::Outcome& outcome, Instant now);
    void executor_restarted(Instant now);
    void submit(const event::ResetRequested& request, Instant now);
    void time_passed(Instant now);

    Instant next_deadline() const;

    const coordinator::Coordinator& coordinator() const { return coordinator_; }

private:
    void scan(Instant now);
    void carry_out(const std::vector<coordinator::Action>& actions);

    coordinator::Coordinator coordinator_;
    Ports ports_;
    bool scan_wanted_ = false;  ///< at the end of this batch
    Instant scan_again_ = kNever;
    std::string scan_problem_;  ///< the last one told, so that it is told once
};

}  // namespace slotd::engine
