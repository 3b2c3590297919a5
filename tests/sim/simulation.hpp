#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "history/news.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "policy/slot_policy.hpp"
#include "tests/proof/truth.hpp"
#include "tests/proof/violation.hpp"
#include "tests/proof/witness.hpp"
#include "tests/sim/channel.hpp"
#include "tests/sim/executor.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/machine_maker.hpp"
#include "tests/sim/memory_history.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"
#include "tests/sim/trace.hpp"

namespace slotd::sim {

/// What a seed leads to.
struct Verdict {
    std::uint64_t seed = 0;
    proof::Violations violations;  ///< of the first moment that had any
    std::vector<std::string> machine;
    std::vector<Planned> plan;
    std::vector<std::string> trace;  ///< only where asked for
    Duration lasted{};               ///< virtual time
    std::uint64_t steps = 0;
};

struct RunOptions {
    bool trace = false;
    /// Which entries of the plan happen; all where nullopt. For shrinking.
    std::optional<std::vector<std::size_t>> only;
};

/// One machine, one kernel, one slotd-exec and the production engine, from one seed: faults for a
/// while, then none, and then every slot has to come to rest.
Verdict run(std::uint64_t seed, const RunOptions& options);

/// How long after the last fault everything has to be at rest: the kernel's longest silence, a
/// wedged call that comes back at the last moment, and everybody's turn after it.
inline constexpr Duration kRestWithin = std::chrono::minutes(30);

class Simulation final : public engine::TopologySource,
                         public engine::RecordSink,
                         public engine::RequestSink {
public:
    Simulation(std::uint64_t seed, const RunOptions& options);
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;
    Simulation(Simulation&&) = delete;
    Simulation& operator=(Simulation&&) = delete;

    Verdict go();

    // What the engine needs from outside.
    Result<pci::Topology> scan() override { return machine_.topology(); }

    void write(const action::Record& record) override;
    void answer(const engine::ResetAnswer& answer) override;

    void answer(const engine::PlanAnswer&) override {}  // nobody asks for one

private:
    // simulation.cpp
    void schedule_plan();
    void start_slotd();
    void kill_slotd();
    void kernel_says(const event::KernelEvent& event);
    void deliver(const std::vector<event::KernelEvent>& batch);
    void run_until(Instant end);
    void judge();
    void object(int invariant, const std::string& text);
    void add(proof::Violations more);
    proof::Truth truth() const;

    /// What slotd is configured to do everywhere.
    const policy::SlotPolicy& configured() const { return settings_.policy.defaults; }

    bool acts() const {
        return configured().automatic_action && configured().level != policy::Level::Observe;
    }

    bool broken() const { return !violations_.empty(); }

    void history_says(const history::News& news);

    // simulation_troubles.cpp
    void happen(const Planned& planned);
    void happen_to_hardware(const Planned& planned, SimPort& port, Random& random);
    void happen_to_slotd(const Planned& planned, SimPort& port, Random& random);
    void move_card(Trouble trouble, SimPort& port, Random& random);
    void change_card(SimPort& port, Random& random);
    void errors(SimPort& port, event::Severity severity, int count, Random& random);
    void ask(const SimPort& port, Random& random);
    void ask_for_hold(const SimPort& port, Random& random);
    void ask_for_release(const SimPort& port);
    void reconfigure(Random& random);

    // simulation_rest.cpp
    void calm_down();
    void come_to_rest(const char* after);
    bool nothing_under_way() const;
    bool slot_rests(const coordinator::Slot& slot) const;
    bool excused(const pci::Address& port) const;
    void judge_rest();
    void judge_gates(const SimPort& port);
    void try_hotplug_once_more();
    void stop_slotd();

    void note(const pci::Address& about, const std::string& text) {
        dirty_ = true;
        trace_.line(schedule_.now(), about, text);
    }

    std::uint64_t seed_;
    RunOptions options_;
    Random random_;
    CardMaker cards_;
    Machine machine_;
    coordinator::Settings settings_;
    std::vector<std::string> described_;
    std::vector<Planned> plan_;
    Schedule schedule_;
    Trace trace_;
    Kernel kernel_;
    Channel uevents_;
    Channel trace_pipe_;
    SimExecutor executor_;
    MemoryHistory history_;
    proof::Witness witness_;
    std::optional<engine::Engine> engine_;
    std::set<event::RequestId> unanswered_;
    event::RequestId last_request_ = 0;
    proof::Violations violations_;
    std::uint64_t steps_ = 0;
    unsigned awake_ = 0;    ///< how often slotd was woken and wanted to be woken at once
    bool dirty_ = true;     ///< something happened that the invariants are about
    bool troubled_ = true;  ///< faults are on
};

}  // namespace slotd::sim
