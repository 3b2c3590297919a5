#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/kernel_lock.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

/// How a call into the kernel goes.
struct Passage {
    Duration takes{};     ///< on top of what it waits for
    bool returns = true;  ///< false: never, and what it holds it keeps
    bool fails = false;   ///< EIO, nothing done
};

/// The simulated kernel: AER and DPC recover, pciehp removes and enumerates, sysfs does what it is
/// told, each in its own time and knowing nothing of slotd. KERNEL 1 to 3 as far as slotd can see
/// it.
class Kernel {
public:
    using Say = std::function<void(const event::KernelEvent&)>;
    using Note = std::function<void(const pci::Address&, const std::string&)>;
    using Ended = std::function<void(const event::Outcome&)>;

    Kernel(Schedule& schedule, Machine& machine, Random random, Say say, Note note);

    // What happens to the hardware.
    void card_out(SimPort& port);
    void card_in(SimPort& port, Card card);
    void link_flaps(SimPort& port, Duration down_for);
    /// An error message of `function`: the kernel hears of it unless a fence is in its way.
    void error(const pci::Address& function, event::Severity severity, bool source_found);

    // What is written to sysfs and to config space.
    void set_fence(const pci::Address& port, bool up, Passage passage, const Ended& ended);
    void set_mask(const pci::Address& port, bool masked, action::Latched latched, Passage passage,
                  const Ended& ended);
    /// Reads or writes what is known of virtual functions; the cards here have none.
    void set_vfs(const pci::Address& port, Passage passage, const Ended& ended);
    void unbind(const pci::Address& port, pci::Service service, Passage passage, Ended ended);
    void bind(const pci::Address& port, pci::Service service, Passage passage, Ended ended);
    void reset(const pci::Address& function, action::KernelReset method, Passage passage,
               Ended ended);
    /// Of everything directly below the port, as VFIO_DEVICE_PCI_HOT_RESET makes it.
    void hot_reset(const pci::Address& port, Passage passage, Ended ended);
    void set_power(const pci::Address& port, bool on, Passage passage, Ended ended);
    void remove(const pci::Address& function, Passage passage, Ended ended);
    void rescan(const pci::Address& port, Passage passage, Ended ended);

    /// Something is under way that will end by itself.
    bool busy() const { return pending_ != 0; }

    /// The driver's link is there: bound, or being bound.
    bool looks_bound(const SimPort& port, pci::Service service) const;

    /// A call that will never return holds the rescan lock: nobody enumerates any more.
    bool enumeration_stuck() const { return enumeration_stuck_; }

    /// Something of the port is held by such a call: a service's lock, or its configuration.
    bool stuck(const pci::Address& port) const;

private:
    struct ErrorMessage {
        pci::Address source;
        pci::Address port;  ///< the link that is recovered
        event::Severity severity = event::Severity::Corrected;
        bool found = true;
        pci::Address handler;  ///< whose service recovers
        pci::Service service = pci::Service::Aer;
    };

    /// The port's device as whoever has opened it knows it: another after the port went and came;
    /// nullopt where there is none.
    std::optional<std::uint64_t> device_of(const pci::Address& port) const;
    void write_config(const pci::Address& port, Passage passage, const Ended& ended,
                      const std::function<void(SimPort&)>& write);

    // kernel_hotplug.cpp
    void hotplug_interrupt(const pci::Address& port);
    void hotplug_thread(const pci::Address& port);
    void hotplug_disable(const pci::Address& port);
    void hotplug_enable(const pci::Address& port, int tries_left);
    void hotplug_done(const pci::Address& port);
    void announce(const SimPort& port, event::HotplugSignal signal);
    void remove_below(SimPort& port);
    bool add_below(SimPort& port);
    void link_down(SimPort& port);
    void link_comes_up(const pci::Address& port);

    // kernel_recovery.cpp
    void recover(const ErrorMessage& message);
    void vote(const ErrorMessage& message);
    void conclude(const ErrorMessage& message, const std::vector<pci::Address>& affected);
    std::vector<pci::Address> functions_below(const pci::Address& port);
    void reset_link(const pci::Address& port, Duration down_for);

    KernelLock& lock_of(const pci::Address& port, pci::Service service) {
        return locks_[{port, service}];
    }

    /// As Schedule::after(); what the kernel still has before it is counted.
    void later(Duration delay, std::function<void()> then);
    /// Resets the link, and ends when the card should be back.
    void reset_slot(const pci::Address& port, const Ended& ended);
    /// Lets `passage` pass and calls `then`; a call that never returns keeps `service` or the
    /// rescan lock.
    void pass(const Passage& passage, const std::function<void()>& then);

    void say(const event::KernelEvent& event) { say_(event); }

    Schedule& schedule_;
    Machine& machine_;
    Random random_;
    Say say_;
    Note note_;
    std::map<std::pair<pci::Address, pci::Service>, KernelLock> locks_;
    std::map<pci::Address, KernelLock> config_;
    KernelLock rescan_;
    std::set<pci::Address> interrupted_;  ///< pciehp's thread was woken and has not looked yet
    std::map<pci::Address, int> link_changing_;  ///< resets that the kernel makes at the moment
    std::size_t pending_ = 0;
    bool enumeration_stuck_ = false;
    std::set<std::pair<pci::Address, pci::Service>> stuck_services_;
    std::set<std::pair<pci::Address, pci::Service>> binding_;
    std::set<pci::Address> stuck_config_;
};

event::Outcome done();
event::Outcome ended_as(event::OutcomeKind kind, const std::string& context, int os_errno = 0);

}  // namespace slotd::sim
