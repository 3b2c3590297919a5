#include "daemon/executor/error_drain.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/parse.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/crew.hpp"
#include "daemon/executor/job.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "os/port_services.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::executor {

namespace {

/// The functions on the path that sysfs has of it ("../../../devices/pci0000:00/0000:00:1c.0"),
/// itself the last.
std::vector<pci::Address> on_the_path_to(const os::SysfsDir& sysfs, const pci::Address& port) {
    const auto target = sysfs.link_target("bus/pci/devices/" + port.to_string());
    std::string_view rest = target ? std::string_view(*target) : "";
    std::vector<pci::Address> found;
    while (!rest.empty()) {
        if (const auto address = pci::Address::parse(next_field(rest, '/'))) {
            found.push_back(*address);
        }
    }
    return found;
}

bool is_bound(const os::SysfsDir& sysfs, const os::ServiceGate& service) {
    const auto dir = sysfs.open_below("bus/pci/devices/" + service.port.to_string());
    if (!dir) {
        return false;
    }
    const auto device = os::PortServices(sysfs, *dir, service.port).find(service.service);
    return device && *device && (*device)->bound;
}

}  // namespace

std::vector<os::ServiceGate> error_services_over(const os::SysfsDir& sysfs,
                                                 const std::vector<os::Gate>& closed) {
    std::vector<os::ServiceGate> found;
    for (const os::Gate& gate : closed) {
        const auto* const held_back = std::get_if<os::ServiceGate>(&gate);
        if (held_back == nullptr || held_back->service != pci::Service::Pciehp) {
            continue;
        }
        for (const pci::Address& port : on_the_path_to(sysfs, held_back->port)) {
            for (const pci::Service service : {pci::Service::Aer, pci::Service::Dpc}) {
                const os::ServiceGate one{port, service};
                if (std::ranges::find(found, one) == found.end() && is_bound(sysfs, one)) {
                    found.push_back(one);
                }
            }
        }
    }
    return found;
}

ErrorDrain::ErrorDrain(std::vector<os::ServiceGate> services, std::uint64_t first_ticket)
    : services_(std::move(services)),
      first_ticket_(first_ticket) {}

void ErrorDrain::start_some(Crew& crew, Instant now) {
    while (!finished() && !running_) {
        const os::ServiceGate& one = services_.at(next_);
        const Status started =
            crew.start(ticket(), Job{action::UnbindService{one.port, one.service}}, now);
        if (!started && started.error().kind == ErrorKind::Busy && crew.busy_with(one.port)) {
            return;  // a job of slotd's time is about this very gate
        }
        running_ = started.has_value();
        if (!started) {
            failed_.push_back(os::name_of(one) + ": " + started.error().context);
            ++next_;
        }
    }
}

bool ErrorDrain::take(const JobEnded& ended) {
    if (!running_ || ended.ticket != ticket()) {
        return false;
    }
    running_ = false;
    if (!ended.outcome.succeeded()) {
        failed_.push_back(os::name_of(services_.at(next_)) + ": " + ended.outcome.to_string());
    }
    next_ = ended.outcome.kind == event::OutcomeKind::TimedOut ? services_.size() : next_ + 1;
    return true;
}

}  // namespace slotd::executor
