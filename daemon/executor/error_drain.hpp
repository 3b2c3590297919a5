#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "daemon/executor/crew.hpp"
#include "os/gate.hpp"
#include "os/sysfs_dir.hpp"

namespace slotd::executor {

/// The error services (aer, dpc) that are bound now and act on a slot whose pciehp is among the
/// closed gates: those of its port and of the ports above it, each once, from the root down. What
/// cannot be read is left out: there is nothing to unbind.
std::vector<os::ServiceGate> error_services_over(const os::SysfsDir& sysfs,
                                                 const std::vector<os::Gate>& closed);

/// Unbinds error services before pciehp comes back, each in a worker and one after the other: a
/// recovery that runs has ended then, and no other begins. Binding pciehp in the middle of one is
/// how the kernel's deadlock of the two begins (KERNEL 5.2-1). The first that hangs is waited for
/// until its deadline, and the rest left alone: a slot without hot-plug for ever is the greater
/// harm. What was unbound is in the gate record, and opened with the others.
class ErrorDrain {
public:
    /// Tickets count up from `first_ticket`, one for each service.
    ErrorDrain(std::vector<os::ServiceGate> services, std::uint64_t first_ticket);

    /// Starts the next one, if none runs and no job of before is still about its gate.
    void start_some(Crew& crew, Instant now);
    /// Takes the end of a job that it started; false for somebody else's.
    bool take(const JobEnded& ended);

    bool finished() const { return !running_ && next_ == services_.size(); }

    /// What could not be drained, with the reason.
    const std::vector<std::string>& failed() const { return failed_; }

private:
    std::uint64_t ticket() const { return first_ticket_ + next_; }

    std::vector<os::ServiceGate> services_;
    std::uint64_t first_ticket_;
    std::size_t next_ = 0;
    bool running_ = false;
    std::vector<std::string> failed_;
};

}  // namespace slotd::executor
