#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::action {

/// What slotd-exec can do. Each is about PCI addresses only and idempotent; those that close a gate
/// write the gate record first.

/// Fence up: the port forwards no errors from below and reports none of its own (Bridge Control
/// SERR#, Device Control reporting enables, Command SERR#). A gate.
struct RaiseFence {
    pci::Address port;
    bool operator==(const RaiseFence&) const = default;
};

/// Fence down. First clears the AER and Device Status latches of the port and of the functions
/// directly below, so that errors of the episode are not reported after it.
struct LowerFence {
    pci::Address port;
    bool operator==(const LowerFence&) const = default;
};

/// Presence and link change notification off (Slot Control PDCE, DLLSCE; never HPIE, see
/// KERNEL 2.4). A gate.
struct MaskHotplug {
    pci::Address port;
    bool operator==(const MaskHotplug&) const = default;
};

/// What to do with changes that were latched while the notification was off.
enum class Latched : std::uint8_t {
    Forget,   ///< write one to clear first: the same card is there, pciehp must not see the flap
    Deliver,  ///< keep them: pciehp gets its interrupt on unmasking and replays the change itself
};

/// Notification back to what the gate record says it was.
struct UnmaskHotplug {
    pci::Address port;
    Latched latched = Latched::Forget;
    bool operator==(const UnmaskHotplug&) const = default;
};

/// Drain: returns only when the service's running handler has finished. A gate. Only aer, dpc,
/// pciehp.
struct UnbindService {
    pci::Address port;
    pci::Service service = pci::Service::Pciehp;
    bool operator==(const UnbindService&) const = default;
};

/// Hands the port back to the kernel service; takes the gate out of the record.
struct BindService {
    pci::Address port;
    pci::Service service = pci::Service::Pciehp;
    bool operator==(const BindService&) const = default;
};

/// Kernel reset methods a function may be reset by (sysfs reset_method names).
enum class KernelReset : std::uint8_t { Flr, Bus };

/// Writes `reset` with reset_method set to exactly this method, and puts reset_method back (a
/// gate).
struct ResetFunction {
    pci::Address function;
    KernelReset method = KernelReset::Bus;
    bool operator==(const ResetFunction&) const = default;
};

/// Slot `power` 0 or 1 through pciehp, which must be bound. EINVAL "already so" is AlreadySo.
struct SetSlotPower {
    pci::Address port;
    bool on = false;
    bool operator==(const SetSlotPower&) const = default;
};

struct RemoveFunction {
    pci::Address function;
    bool operator==(const RemoveFunction&) const = default;
};

/// Rescans the bus below the port.
struct RescanBelow {
    pci::Address port;
    bool operator==(const RescanBelow&) const = default;
};

/// Reads registers, identities and bindings afresh; changes nothing. Outcome carries an
/// Observation.
struct ObserveSlot {
    pci::Address port;
    bool operator==(const ObserveSlot&) const = default;
};

/// Reads who uses what is below the port: blast radius. Changes nothing. Outcome carries a Usage.
struct SurveyUse {
    pci::Address port;
    bool operator==(const SurveyUse&) const = default;
};

/// Asks the hooks whether the step that the slot is about to try may be. Changes nothing, and is
/// not slotd-exec's: slotd asks. Refused: a hook said no, or did not answer; the context says which
/// and why.
struct AskHooks {
    pci::Address port;
    bool operator==(const AskHooks&) const = default;
};

/// Notes number, drivers and overrides of the virtual functions of every function below the port,
/// before a step that may lose them. A gate: whoever comes after a crash puts them back.
struct NoteVfs {
    pci::Address port;
    bool operator==(const NoteVfs&) const = default;
};

/// Brings noted virtual functions back and takes them out of the record. What is not as it was is
/// named in the outcome's context.
struct RestoreVfs {
    pci::Address port;
    bool operator==(const RestoreVfs&) const = default;
};

/// VFIO_DEVICE_PCI_HOT_RESET of everything directly below the port, which nobody uses: binds all
/// functions to vfio-pci (a gate for each), resets, puts drivers and overrides back. Refused where
/// a function is in use through VFIO.
struct ResetByVfio {
    pci::Address port;
    bool operator==(const ResetByVfio&) const = default;
};

/// VFIO_DEVICE_PCI_HOT_RESET with descriptors that their owner lent with the request: its group
/// fds, or one cdev fd. They travel beside the request and are closed when the call has ended.
struct ResetByLentFds {
    pci::Address port;
    std::uint64_t request = 0;  ///< whose loan it is: event::RequestId
    bool operator==(const ResetByLentFds&) const = default;
};

using Effect =
    std::variant<RaiseFence, LowerFence, MaskHotplug, UnmaskHotplug, UnbindService, BindService,
                 ResetFunction, SetSlotPower, RemoveFunction, RescanBelow, ObserveSlot, SurveyUse,
                 AskHooks, NoteVfs, RestoreVfs, ResetByVfio, ResetByLentFds>;

/// The port or function that the effect is about.
pci::Address subject(const Effect& effect);
/// Invariant 4: at most one of these at a time on the whole machine.
bool machine_wide(const Effect& effect);
/// May hold the kernel's global pci_rescan_remove_lock for as long as it runs.
bool takes_rescan_lock(const Effect& effect);
/// Reads and changes nothing: it may be forgotten while it runs, and be done again.
bool reads_only(const Effect& effect);
/// How long its worker may take before it is called wedged; from the kernel's own waits (KERNEL 2,
/// 3).
Duration deadline_of(const Effect& effect);
/// In the imperative: "unbind pciehp of 0000:00:02.0".
std::string to_string(const Effect& effect);

}  // namespace slotd::action
