#include "daemon/executor/enumeration.hpp"

#include <algorithm>
#include <cerrno>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

/// Answers for a write that starts something in the kernel: an errno is how that ended, not a
/// refusal.
event::Outcome ended(const Status& written) {
    if (written) {
        return done();
    }
    return written.error().kind == ErrorKind::NotFound
               ? outcome_of(written.error())
               : failed(written.error().context, written.error().os_errno);
}

/// "0000:01" of the bus directly below the port, from the kernel's own tree: the port's registers
/// may be unreadable.
Checked<std::string> bus_below(const CheckedPort& port) {
    const auto buses = port.dir.open_below("pci_bus");
    const auto names = buses ? buses->names() : std::unexpected(buses.error());
    if (!names || names->empty()) {
        return std::unexpected(refused("no bus is below " + port.address.to_string()));
    }
    return names->front();
}

/// The directory of the slot below the port; nullopt where there is none, as while pciehp is
/// unbound.
std::optional<os::SysfsDir> slot_dir(const Hands& hands, const std::string& bus) {
    const auto slots = hands.sysfs().open_below("bus/pci/slots");
    const auto names = slots ? slots->names() : std::unexpected(slots.error());
    if (!names) {
        return std::nullopt;
    }
    for (const std::string& name : *names) {
        auto slot = slots->open_below(name);
        if (!slot) {
            continue;
        }
        // The address of a slot is that of the bus below its port, device 0 (KERNEL 2.3).
        const auto address = slot->read("address");
        if (address && *address == bus + ":00") {
            return std::move(*slot);
        }
    }
    return std::nullopt;
}

bool anything_enumerated(const CheckedPort& port) {
    const auto names = port.dir.names();
    return names && std::ranges::any_of(*names, [](const std::string& name) {
               return pci::Address::parse(name).has_value();
           });
}

/// pciehp answers EINVAL for "already so by power control" and ENODEV for "already so by its own
/// state" as well as for "no card": what is enumerated below tells them apart (KERNEL 2.3).
event::Outcome already_or_failed(const CheckedPort& port, const os::SysfsDir& slot, bool on,
                                 const Error& error) {
    if (anything_enumerated(port) == on) {
        return already_so("slot of " + port.address.to_string() + (on ? " is on" : " is off"));
    }
    const auto adapter = slot.read("adapter");
    if (on && error.os_errno == ENODEV && adapter && *adapter == "0") {
        return gone("no card is in the slot of " + port.address.to_string(), ENODEV);
    }
    return failed(error.context, error.os_errno);
}

/// The directory that has the slot's power.
Checked<os::SysfsDir> slot_of(const Hands& hands, const CheckedPort& port) {
    const auto bus = bus_below(port);
    if (!bus) {
        return std::unexpected(bus.error());
    }
    std::optional<os::SysfsDir> slot = slot_dir(hands, *bus);
    if (!slot) {
        return std::unexpected(refused("pciehp is not bound to " + port.address.to_string()));
    }
    return std::move(*slot);
}

event::Outcome write_power(const Hands& hands, const CheckedPort& port, const os::SysfsDir& slot,
                           bool on) {
    const Status written = hands.write(slot, "power", on ? "1" : "0");
    if (!written && (written.error().os_errno == EINVAL || written.error().os_errno == ENODEV)) {
        return already_or_failed(port, slot, on, written.error());
    }
    return ended(written);
}

}  // namespace

event::Outcome remove_function(const Hands& hands, const action::RemoveFunction& effect) {
    const auto function = check_function(hands, effect.function, Bridges::Allowed);
    if (!function) {
        return function.error();
    }
    if (hands.called_off()) {
        return came_back_late("removing " + effect.function.to_string());
    }
    return ended(hands.write(function->dir, "remove", "1"));
}

event::Outcome rescan_below(const Hands& hands, const action::RescanBelow& effect) {
    const auto port = check_port(hands, effect.port);
    if (!port) {
        return port.error();
    }
    const auto bus = bus_below(*port);
    if (!bus) {
        return bus.error();
    }
    const auto bus_dir = port->dir.open_below("pci_bus/" + *bus);
    if (!bus_dir) {
        return outcome_of(bus_dir.error());
    }
    if (hands.called_off()) {
        return came_back_late("rescanning below " + effect.port.to_string());
    }
    return ended(hands.write(*bus_dir, "rescan", "1"));
}

event::Outcome set_slot_power(const Hands& hands, const action::SetSlotPower& effect) {
    const auto port = check_port(hands, effect.port);
    if (!port) {
        return port.error();
    }
    const auto slot = slot_of(hands, *port);
    if (!slot) {
        return slot.error();
    }
    if (hands.called_off()) {
        return came_back_late("slot power of " + effect.port.to_string());
    }
    const os::PowerGate gate{effect.port};
    if (effect.on) {
        const auto closed = recorded(hands, gate);
        return closed && *closed ? open_gate(hands, gate) : write_power(hands, *port, *slot, true);
    }
    if (slot->read("power").value_or("1") == "0") {
        return write_power(hands, *port, *slot, false);  // off by another hand: not ours to put on
    }
    event::Outcome off;
    const event::Outcome closed = close_gate(hands, gate, [&]() -> Status {
        off = write_power(hands, *port, *slot, false);
        return off.succeeded() ? Status{} : failure(ErrorKind::Io, off.context, off.os_errno);
    });
    // How the write ended says more than how the gate's closing did.
    return closed.succeeded() || !off.succeeded() ? off : closed;
}

event::Outcome restore_power(const Hands& hands, const os::PowerGate& gate) {
    const auto port = check_port(hands, gate.port);
    if (!port) {
        return port.error();
    }
    const auto slot = slot_of(hands, *port);
    return slot ? write_power(hands, *port, *slot, true) : slot.error();
}

}  // namespace slotd::executor
