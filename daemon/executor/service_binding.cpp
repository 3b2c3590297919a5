#include "daemon/executor/service_binding.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "os/port_services.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::executor {

namespace {

std::string service_text(const pci::Address& port, pci::Service service) {
    return fmt::format("{} of {}", pci::driver_name(service), port.to_string());
}

}  // namespace

event::Outcome unbind_service(const Hands& hands, const action::UnbindService& effect) {
    // Not check_port(), as below: pciehp of a port that does not answer is at work all the same.
    const auto dir = hands.device_dir(effect.port);
    if (!dir) {
        return outcome_of(dir.error());
    }
    const os::PortServices services(hands.sysfs(), *dir, effect.port);
    const auto device = services.find(effect.service);
    if (!device) {
        return outcome_of(device.error());
    }
    if (!*device) {
        return refused("there is no " + service_text(effect.port, effect.service));
    }
    if (!(*device)->bound) {
        return already_so(service_text(effect.port, effect.service) + " is not bound");
    }
    return close_gate(hands, os::ServiceGate{effect.port, effect.service},
                      [&] { return hands.unbind(services, effect.service, (*device)->name); });
}

event::Outcome bind_service(const Hands& hands, const action::BindService& effect) {
    const os::ServiceGate gate{effect.port, effect.service};
    const auto closed = recorded(hands, gate);
    if (!closed) {
        return outcome_of(closed.error());
    }
    return *closed ? open_gate(hands, gate) : restore_binding(hands, gate);
}

event::Outcome restore_binding(const Hands& hands, const os::ServiceGate& gate) {
    // Not check_port(): binding needs no config space, and a port that does not answer now gets its
    // service back all the same.
    const auto dir = hands.device_dir(gate.port);
    if (!dir) {
        return outcome_of(dir.error());
    }
    const os::PortServices services(hands.sysfs(), *dir, gate.port);
    const auto device = services.find(gate.service);
    if (!device) {
        return outcome_of(device.error());
    }
    if (!*device) {
        return gone("there is no " + service_text(gate.port, gate.service));
    }
    if ((*device)->bound) {
        return already_so(service_text(gate.port, gate.service) + " is bound");
    }
    if (auto bound = hands.bind(services, gate.service, (*device)->name); !bound) {
        return failed(bound.error().context, bound.error().os_errno);
    }
    return done();
}

}  // namespace slotd::executor
