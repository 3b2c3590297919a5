#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "event/casebook.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::report {

/// What `slotctl doctor` judges, as it was found: some of it only slotd knows, the rest is read by
/// whoever asks.

/// What only slotd knows of the machine, and of itself.
struct DaemonFacts {
    std::string version;
    std::string sysfs = "/sys";  ///< where it looks for the machine; another tree in tests only
    std::optional<std::string> trace_problem = {};     ///< why no trace event is heard
    std::vector<std::string> trace_unseen = {};        ///< events that slotd found missing
    std::optional<std::string> history_problem = {};   ///< why nothing can be remembered
    std::optional<std::string> executor_problem = {};  ///< why nothing that is asked for is done
    std::uint32_t executor_deaths = 0;                 ///< of slotd-exec, since slotd's start
    std::vector<std::string> hooks = {};               ///< who is asked before a step
    std::optional<std::string> hooks_problem = {};
    bool automatic_action = false;  ///< where no rule says otherwise
    event::RecoveriesHeard recoveries = {};
    bool operator==(const DaemonFacts&) const = default;
};

/// What slotd has noted of one slot beside its status.
struct SlotNotes {
    pci::Address port;
    std::optional<event::SlotTraits> traits = {};  ///< nullopt: no slot, or not looked at yet
    std::vector<event::UnaskedDriver> unasked = {};
    bool operator==(const SlotNotes&) const = default;
};

/// All that slotd has noted.
struct DaemonNotes {
    DaemonFacts daemon;
    std::vector<SlotNotes> slots;  ///< by port address
    bool operator==(const DaemonNotes&) const = default;
};

/// What slotd knows of one slot.
struct SlotCase {
    coordinator::SlotStatus status;
    SlotNotes notes;
    bool operator==(const SlotCase&) const = default;
};

enum class Known : std::uint8_t { No, Yes, Unknown };

/// The running kernel, by what it shows of itself and not by its version.
struct KernelFacts {
    std::string release;                       ///< empty: unknown, as all below
    std::vector<std::string> parameters = {};  ///< of the boot, those that decide who has the ports
    std::string lockdown = {};                 ///< "none", "integrity", "confidentiality"
    Known ignores_reset_flaps = Known::Unknown;  ///< pci_hp_spurious_link_change
    Known ignores_dpc_flaps = Known::Unknown;    ///< pci_dpc_recovered
    Known resets_nested_slots = Known::Unknown;  ///< pciehp_slot_reset
    Known resets_below_slots = Known::Unknown;   ///< pci_try_reset_bridge: slot-aware
    Known has_error_trace = Known::Unknown;      ///< ras:aer_event
    Known has_hotplug_trace = Known::Unknown;    ///< pci:pci_hp_event
    Known shares_interrupt = Known::Unknown;     ///< the pcie_bwctrl driver is there
    Known firmware_has_errors = Known::Unknown;  ///< ACPI has a HEST table
    bool operator==(const KernelFacts&) const = default;
};

/// A function of a card, as sysfs shows it.
struct FunctionFacts {
    pci::Address address;
    bool reports_errors = false;  ///< it has the AER capability
    std::vector<std::string> reset_methods = {};
    event::ErrorCounts errors = {};  ///< since it was enumerated
    bool operator==(const FunctionFacts&) const = default;
};

/// A port and what is below, as sysfs shows it.
struct PortFacts {
    bool found = false;           ///< nothing below means anything if not
    bool reports_errors = false;  ///< its Root Port has the AER capability
    pci::ServiceSet services = {};
    pci::ServiceSet bound = {};
    pci::ServiceSet root_services = {};
    pci::ServiceSet root_bound = {};
    std::vector<FunctionFacts> functions = {};
    bool operator==(const PortFacts&) const = default;
};

/// A slot with all that there is to judge it by.
struct ExaminedSlot {
    SlotCase known;
    PortFacts port;
    bool operator==(const ExaminedSlot&) const = default;
};

/// Everything that a diagnosis follows from.
struct Checkup {
    DaemonFacts daemon;
    KernelFacts kernel;
    std::vector<SlotCase> machine;    ///< every slot: names and gates go beyond one of them
    std::vector<ExaminedSlot> slots;  ///< those that were asked about
    bool operator==(const Checkup&) const = default;
};

}  // namespace slotd::report
