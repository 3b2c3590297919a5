#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "pci/address.hpp"

namespace slotd::event {

/// What the kernel tells, decoded; each is a hint where to look, never proof of what is.

enum class RecoveryReport : std::uint8_t { Began, Succeeded, Failed };

/// ERROR_EVENT= of a pci `change` uevent (kernel pci-driver.c pci_uevent_ers). Began may be
/// missing, Failed may name the port instead of the function, Succeeded may come for a card that is
/// gone.
struct RecoveryReported {
    pci::Address function;
    RecoveryReport report = RecoveryReport::Began;
    bool operator==(const RecoveryReported&) const = default;
};

enum class Severity : std::uint8_t { Corrected, NonFatal, Fatal };

/// ras:aer_event: fired before the kernel's recovery starts, for corrected errors too.
struct ErrorReported {
    pci::Address function;
    Severity severity = Severity::Corrected;
    std::uint32_t status =
        0;  ///< AER Uncorrectable or Correctable Error Status bits; 0 if not read
    bool operator==(const ErrorReported&) const = default;
};

enum class HotplugKind : std::uint8_t { Added, Removed, DriverBound, DriverUnbound };

/// A function came, went, or changed its driver (pci add/remove/bind/unbind uevents).
struct HotplugSeen {
    pci::Address function;
    HotplugKind kind = HotplugKind::Added;
    bool operator==(const HotplugSeen&) const = default;
};

enum class HotplugSignal : std::uint8_t { LinkUp, LinkDown, CardPresent, CardNotPresent };

/// pci:pci_hp_event (v7.0): pciehp is about to remove or enumerate what is below this port.
struct HotplugAnnounced {
    pci::Address port;
    HotplugSignal signal = HotplugSignal::LinkUp;
    bool operator==(const HotplugAnnounced&) const = default;
};

/// WEDGED= of a drm `change` uevent: the driver asks user space to recover its device (kernel
/// drm_drv.c drm_dev_wedged_event). The methods that it named, in its order.
enum class WedgedMethod : std::uint8_t { None, Rebind, BusReset, VendorSpecific, Other };

struct DeviceWedged {
    pci::Address function;
    std::vector<WedgedMethod> methods;
    bool operator==(const DeviceWedged&) const = default;
};

/// A port service device came, went, was bound or unbound (pci_express uevents): look again.
struct ServicesChanged {
    pci::Address port;
    bool operator==(const ServicesChanged&) const = default;
};

/// Uevents or trace records were lost: look everywhere. `what` is for the one line that says so.
struct EventsMissed {
    std::string what;  ///< "12 uevents (SEQNUM 4711 to 4722)", "receive buffer overflow"
    bool operator==(const EventsMissed&) const = default;
};

using KernelEvent = std::variant<RecoveryReported, ErrorReported, HotplugSeen, HotplugAnnounced,
                                 DeviceWedged, ServicesChanged, EventsMissed>;

}  // namespace slotd::event
