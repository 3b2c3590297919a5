#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

/// What goes wrong with one effect.
enum class EffectFault : std::uint8_t {
    Fails,       ///< an errno, nothing done
    Slow,        ///< takes seconds
    HangsLate,   ///< comes back after its deadline
    HangsEver,   ///< never comes back
    WorkerDies,  ///< with or without having done it
};

/// The simulated slotd-exec, with the manners of the real one: a worker for each effect, the gate
/// record before the gate, deadlines, called-off workers that undo, and at each start every
/// recorded gate is opened before anything else is done.
class SimExecutor final : public engine::Executor, public engine::Samples {
public:
    struct Hooks {
        std::function<void(event::EffectId, const action::Effect&)> asked;
        std::function<void(event::EffectId, const event::Outcome&)> outcome;
        std::function<void(event::EffectId, const event::Outcome&)> sampled;
        std::function<void()> gates_opening;  ///< it has ended, the next one starts
        std::function<void(const coordinator::Gate&, bool)> gate_moved;  ///< by nobody's order
        std::function<void()> restarted;
        std::function<void(const pci::Address&, const std::string&)> note;
    };

    SimExecutor(Schedule& schedule, Machine& machine, Kernel& kernel, Random random, Hooks hooks);

    void start(event::EffectId id, const action::Effect& effect) override;

    /// Now and then it takes too long, or fails.
    void sample(event::EffectId id, std::vector<event::PortSample> ports) override;

    /// Killed: what its workers have handed to the kernel goes on there, nobody looks after it.
    void crash();
    /// slotd is gone: calls its workers off, opens every gate, ends. The next slotd has another.
    void client_gone();

    void client_came() { connected_ = true; }

    /// The next effect about this port, looks left out, ends so.
    void arm(const pci::Address& port, EffectFault fault) { armed_[port].push_back(fault); }

    /// The next look at this port ends so.
    void arm_look(const pci::Address& port, EffectFault fault) {
        armed_looks_[port].push_back(fault);
    }

    void disarm();

    const std::set<coordinator::Gate>& record() const { return record_; }

    /// What slotd has asked for and not heard the last of.
    struct Asked {
        event::EffectId id = 0;
        action::Effect effect;
        bool given_up = false;
        Instant since{};
    };

    const std::map<event::EffectId, Asked>& asked() const { return asked_; }

private:
    using Ticket = std::uint64_t;

    struct Worker {
        event::EffectId id = 0;  ///< 0: nobody waits for its answer
        action::Effect effect;
        bool called_off = false;
    };

    // executor.cpp
    void launch();
    void opened(const coordinator::Gate& gate, unsigned life);
    void work(event::EffectId id, const action::Effect& effect);
    void past_deadline(Ticket ticket);
    void end(Ticket ticket, const event::Outcome& outcome);
    void report(event::EffectId id, const event::Outcome& outcome);
    Worker* find(Ticket ticket);
    /// Dead, or of a slotd that is gone: what it moves is moved by nobody's order.
    bool nobodys(Ticket ticket);
    bool gate_busy(const action::Effect& effect) const;

    // executor_effects.cpp
    void perform(Ticket ticket, const Passage& passage);
    void close(Ticket ticket, const coordinator::Gate& gate, const Passage& passage);
    void open(Ticket ticket, const coordinator::Gate& gate, action::Latched latched,
              const Passage& passage);
    void look(Ticket ticket, const Passage& passage);
    event::Outcome sampled(const std::vector<event::PortSample>& expected) const;
    void undo(Ticket ticket, const coordinator::Gate& gate, const event::Outcome& why);
    void move(const coordinator::Gate& gate, bool closed, action::Latched latched,
              const Passage& passage, const Kernel::Ended& ended);
    const SimPort* port_of(const action::Effect& effect) const;
    bool readable(const SimPort& port) const;
    Passage passage_for(const action::Effect& effect, Ticket ticket);

    Schedule& schedule_;
    Machine& machine_;
    Kernel& kernel_;
    Random random_;
    Hooks hooks_;
    std::map<Ticket, Worker> workers_;
    std::map<event::EffectId, Asked> asked_;
    std::set<coordinator::Gate> record_;
    std::map<pci::Address, std::deque<EffectFault>> armed_;
    std::map<pci::Address, std::deque<EffectFault>> armed_looks_;
    std::deque<event::EffectId> waiting_;        ///< until the gates are open
    std::set<coordinator::Gate> opening_;        ///< at the start, within their deadline
    std::set<coordinator::Gate> still_opening_;  ///< whose worker has not come back
    Ticket tickets_ = 0;
    unsigned life_ = 0;  ///< of the process; what belongs to an earlier one is nobody's
    bool connected_ = false;
    bool alive_ = false;
};

}  // namespace slotd::sim
