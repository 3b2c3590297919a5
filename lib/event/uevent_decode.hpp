#pragma once

#include <optional>
#include <string_view>

#include "event/kernel_event.hpp"

namespace slotd::event {

/// The properties of one kernel uevent that say something about PCI; empty where it has none. Views
/// into the message: valid as long as that is.
struct Uevent {
    std::string_view subsystem;    ///< SUBSYSTEM
    std::string_view action;       ///< ACTION
    std::string_view devpath;      ///< DEVPATH, "/devices/pci0000:00/0000:00:1c.0/0000:01:00.0"
    std::string_view function;     ///< PCI_SLOT_NAME: the function's address, not the slot
    std::string_view error_event;  ///< ERROR_EVENT
    /// SYNTH_UUID: somebody wrote to the device's `uevent`, as udevadm trigger does to all devices.
    std::string_view synthetic;
    std::string_view wedged = {};  ///< WEDGED of a drm device: "rebind,bus-reset"
};

/// What the uevent means; nullopt for everything that is not about PCI, not known, or in itself
/// contradictory. The kernel writes these (pci-driver.c pci_uevent, pci_uevent_ers;
/// KERNEL 1.3, 2.1), but nothing here relies on that: any bytes may come in.
std::optional<KernelEvent> decode_uevent(const Uevent& uevent);

}  // namespace slotd::event
