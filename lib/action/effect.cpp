#include "action/effect.hpp"

#include <fmt/format.h>

#include <string>
#include <variant>

#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::action {

using namespace std::chrono_literals;

pci::Address subject(const Effect& effect) {
    return std::visit(
        Overloaded{
            [](const OneOf<ResetFunction, RemoveFunction> auto& one) { return one.function; },
            [](const OneOf<RaiseFence, LowerFence, MaskHotplug, UnmaskHotplug, UnbindService,
                           BindService, SetSlotPower, RescanBelow, ObserveSlot, SurveyUse, AskHooks,
                           NoteVfs, RestoreVfs, ResetByVfio, ResetByLentFds> auto& one) {
                return one.port;
            },
        },
        effect);
}

bool machine_wide(const Effect& effect) {
    return takes_rescan_lock(effect) || std::holds_alternative<UnbindService>(effect) ||
           std::holds_alternative<BindService>(effect) ||
           std::holds_alternative<ResetByVfio>(effect);
}

bool takes_rescan_lock(const Effect& effect) {
    return std::holds_alternative<SetSlotPower>(effect) ||
           std::holds_alternative<RemoveFunction>(effect) ||
           std::holds_alternative<RescanBelow>(effect) ||
           // Writes sriov_numvfs, which takes the lock on newer kernels (KERNEL 5.1).
           std::holds_alternative<RestoreVfs>(effect);
}

bool reads_only(const Effect& effect) {
    return std::holds_alternative<ObserveSlot>(effect) ||
           std::holds_alternative<SurveyUse>(effect) || std::holds_alternative<AskHooks>(effect);
}

Duration deadline_of(const Effect& effect) {
    return std::visit(
        Overloaded{
            // Config accesses wait for a reset that holds the cfg lock, and the kernel's recovery
            // tries two, the slot's and then the bus', each with pci_dev_wait's 65.5 s (measured:
            // 143 s). A worker that waits for that is not stuck.
            [](const OneOf<RaiseFence, LowerFence, MaskHotplug, UnmaskHotplug, ObserveSlot> auto&) {
                return Duration{150s};
            },
            [](const OneOf<SurveyUse, AskHooks, NoteVfs> auto&) { return Duration{5s}; },
            // A drain waits for the running handler: one recovery or one hot-plug.
            [](const OneOf<UnbindService, BindService> auto&) { return Duration{75s}; },
            // pci_dev_wait gives a device 65.5 s (1 + 2 + 4 ... 32768 ms).
            [](const OneOf<ResetFunction, SetSlotPower, RemoveFunction, RescanBelow, RestoreVfs,
                           ResetByVfio, ResetByLentFds> auto&) { return Duration{75s}; },
        },
        effect);
}

std::string to_string(const Effect& effect) {
    return std::visit(
        Overloaded{
            [](const RaiseFence& one) { return "raise fence of " + one.port.to_string(); },
            [](const LowerFence& one) { return "lower fence of " + one.port.to_string(); },
            [](const MaskHotplug& one) { return "mask hot-plug of " + one.port.to_string(); },
            [](const UnmaskHotplug& one) {
                return fmt::format("unmask hot-plug of {} ({} latched changes)",
                                   one.port.to_string(),
                                   one.latched == Latched::Forget ? "forget" : "deliver");
            },
            [](const UnbindService& one) {
                return fmt::format("unbind {} of {}", pci::driver_name(one.service),
                                   one.port.to_string());
            },
            [](const BindService& one) {
                return fmt::format("bind {} of {}", pci::driver_name(one.service),
                                   one.port.to_string());
            },
            [](const ResetFunction& one) {
                return fmt::format("reset {} by {}", one.function.to_string(),
                                   one.method == KernelReset::Flr ? "flr" : "bus");
            },
            [](const SetSlotPower& one) {
                return fmt::format("power {} slot of {}", one.on ? "on" : "off",
                                   one.port.to_string());
            },
            [](const RemoveFunction& one) { return "remove " + one.function.to_string(); },
            [](const RescanBelow& one) { return "rescan below " + one.port.to_string(); },
            [](const ObserveSlot& one) { return "observe slot of " + one.port.to_string(); },
            [](const SurveyUse& one) { return "survey use below " + one.port.to_string(); },
            [](const AskHooks& one) { return "ask the hooks about " + one.port.to_string(); },
            [](const NoteVfs& one) { return "note VFs below " + one.port.to_string(); },
            [](const RestoreVfs& one) { return "restore VFs below " + one.port.to_string(); },
            [](const ResetByVfio& one) {
                return "hot reset by VFIO of what is below " + one.port.to_string();
            },
            [](const ResetByLentFds& one) {
                return "hot reset by lent VFIO descriptors of what is below " +
                       one.port.to_string();
            },
        },
        effect);
}

}  // namespace slotd::action
