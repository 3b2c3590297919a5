#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "daemon/executor/crew.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Opens recorded gates when nobody is left to ask for it: the last closed first, but the services
/// that recover (aer, dpc) when all others are open, each in a worker.
/// Gates of different ports are opened at the same time, but those of one port one after the other,
/// and bindings and virtual functions one at a time on the whole machine (DESIGN.md section 4,
/// invariant 4). One
/// that hangs is waited for until its deadline, and then passed by.
class GateOpener {
public:
    /// `closed` in the order of closing. Tickets count up from `first_ticket`.
    GateOpener(std::vector<os::Gate> closed, std::uint64_t first_ticket);

    /// Starts what may start now.
    void start_some(Crew& crew, Instant now);
    /// Takes the end of a job that it started; false for somebody else's.
    bool take(const JobEnded& ended);

    bool finished() const { return waiting_.empty() && running_.empty(); }

    /// Names of the gates that are open now; of those that could not be opened, with the reason;
    /// and of those that are gone with their port or function. The record, read again, has the last
    /// word.
    const std::vector<std::string>& opened() const { return opened_; }

    const std::vector<std::string>& failed() const { return failed_; }

    const std::vector<std::string>& gone() const { return gone_; }

private:
    struct Ticketed {
        std::uint64_t ticket;
        os::Gate gate;
    };

    bool may_start(const os::Gate& gate, const std::vector<os::Gate>& before,
                   const Crew& crew) const;

    std::vector<Ticketed> waiting_;  // the next one first
    std::vector<Ticketed> running_;
    std::vector<std::string> opened_;
    std::vector<std::string> failed_;
    std::vector<std::string> gone_;
};

}  // namespace slotd::executor
