#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/step.hpp"
#include "engine/ports.hpp"
#include "engine/sampler.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "evidence/evidence.hpp"
#include "evidence/recent.hpp"
#include "history/news.hpp"
#include "pci/topology.hpp"
#include "policy/limits.hpp"
#include "policy/slot_policy.hpp"

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
        History& history;
        Samples& samples;
    };

    Engine(coordinator::Settings settings, Ports ports);

    /// With what the first scan found, which is the caller's: without ports there is nothing to
    /// watch. What was said since then comes through kernel_said() as ever.
    void start(pci::Topology found, Instant now);

    void kernel_said(const event::KernelEvent& event, Instant now);
    /// All events that were waiting have been delivered: what they changed is scanned once.
    void kernel_drained(Instant now);
    void effect_finished(event::EffectId id, const event::Outcome& outcome, Instant now);
    void sampled(event::EffectId id, const event::Outcome& outcome, Instant now);
    void executor_restarted(Instant now);
    void history_said(const history::News& news, Instant now);
    void submit(const event::ResetRequested& request, Instant now);
    void hold(const event::HoldRequested& request, Instant now);
    void release(const event::ReleaseRequested& request, Instant now);
    /// Reads who would be disturbed, beside whatever the slot does, and answers.
    void plan(const event::PlanRequested& request, Instant now);
    /// Another configuration is in force from now on.
    void reconfigure(policy::Policy policy, const policy::Limits& limits, Instant now);
    void time_passed(Instant now);

    Instant next_deadline() const;

    const coordinator::Coordinator& coordinator() const { return coordinator_; }

private:
    void scan(Instant now);
    /// What the coordinator said to `cause`. True where a line came of it that says of which slot.
    bool carry_out(const std::vector<coordinator::Action>& actions, const evidence::Cause& cause,
                   Instant now);
    void scan_found(pci::Topology topology, Instant now);
    /// With what it follows from.
    void tell(action::Record record, const evidence::Cause& cause, Instant now);

    void finish_plan(const event::PlanRequested& request, const event::Outcome& outcome);

    /// What goes wrong again and again is told when it begins; `last` is empty while nothing does.
    void tell_problem(std::string& last, const std::string& problem, action::Priority priority,
                      action::RecordKind kind, const std::string& text);
    void sample(Sampler::Request request);
    void follow(Sampler::Result result, Instant now);

    coordinator::Coordinator coordinator_;
    Ports ports_;
    evidence::Recent recent_;
    std::uint64_t inputs_ = 0;
    std::map<event::EffectId, event::PlanRequested> plans_;  ///< surveys under way
    event::EffectId last_plan_ = 0;
    bool scan_wanted_ = false;  ///< at the end of this batch
    Instant scan_again_ = kNever;
    std::string scan_problem_;  ///< the last one told, so that it is told once
    Sampler sampler_;
    std::string sample_problem_;  ///< likewise
};

}  // namespace slotd::engine
