#include "report/timeline_facts.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "evidence/evidence.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "report/printable.hpp"
#include "report/timeline.hpp"

namespace slotd::report {

namespace {

/// "01:00.0": the domain of all of a slot's functions is the same, and said above.
std::string brief(const pci::Address& address) {
    return fmt::format("{:02x}:{:02x}.{:x}", address.bus, address.device, address.function);
}

Happening made(Lane lane, Tone tone, std::string text, std::string detail) {
    return {{}, std::nullopt, lane, std::move(text), std::move(detail), tone};
}

Happening of(const event::RecoveryReported& one) {
    const std::string place = one.function.to_string();
    switch (one.report) {
        case event::RecoveryReport::Began:
            return made(Lane::Aer, Tone::Warning, "BEGIN " + brief(one.function),
                        "the kernel began to recover " + place);
        case event::RecoveryReport::Succeeded:
            return made(Lane::Aer, Tone::Good, "SUCCESS " + brief(one.function),
                        "the kernel recovered " + place);
        case event::RecoveryReport::Failed:
            break;
    }
    return made(Lane::Aer, Tone::Bad, "FAILED " + brief(one.function),
                "the kernel gave up the recovery of " + place);
}

Happening of(const event::ErrorReported& one) {
    const char* const severity = one.severity == event::Severity::Fatal      ? "fatal error"
                                 : one.severity == event::Severity::NonFatal ? "non-fatal error"
                                                                             : "corrected error";
    const Tone tone = one.severity == event::Severity::Fatal      ? Tone::Bad
                      : one.severity == event::Severity::NonFatal ? Tone::Warning
                                                                  : Tone::Plain;
    return made(Lane::Aer, tone, severity,
                fmt::format("{} reported by {}, status {:#010x}", severity,
                            one.function.to_string(), one.status));
}

Happening of(const event::HotplugSeen& one) {
    const std::string place = one.function.to_string();
    switch (one.kind) {
        case event::HotplugKind::Added:
            return made(Lane::Pciehp, Tone::Plain, brief(one.function) + " added",
                        place + " was enumerated");
        case event::HotplugKind::Removed:
            return made(Lane::Pciehp, Tone::Warning, brief(one.function) + " removed",
                        place + " was removed");
        case event::HotplugKind::DriverBound:
            return made(Lane::Owner, Tone::Good,
                        fmt::format("driver on .{:x}", one.function.function),
                        "a driver was bound to " + place);
        case event::HotplugKind::DriverUnbound:
            break;
    }
    return made(Lane::Owner, Tone::Warning, fmt::format("driver off .{:x}", one.function.function),
                "the driver of " + place + " was unbound");
}

Happening of(const event::HotplugAnnounced& one) {
    switch (one.signal) {
        case event::HotplugSignal::LinkUp:
            return made(Lane::Pciehp, Tone::Plain, "Link Up", "pciehp saw the link come up");
        case event::HotplugSignal::LinkDown:
            return made(Lane::Pciehp, Tone::Warning, "Link Down", "pciehp saw the link go down");
        case event::HotplugSignal::CardPresent:
            return made(Lane::Pciehp, Tone::Plain, "Card present", "pciehp saw a card");
        case event::HotplugSignal::CardNotPresent:
            break;
    }
    return made(Lane::Pciehp, Tone::Warning, "Card not present", "pciehp saw no card");
}

/// Fewer words than action::to_string() has, which is the detail.
std::string brief(const action::Effect& effect) {
    return std::visit(
        Overloaded{
            [](const action::RaiseFence&) { return std::string("fence up"); },
            [](const action::LowerFence&) { return std::string("fence down"); },
            [](const action::MaskHotplug&) { return std::string("hot-plug masked"); },
            [](const action::UnmaskHotplug&) { return std::string("hot-plug unmasked"); },
            [](const action::UnbindService& one) {
                return fmt::format("{} unbound", pci::driver_name(one.service));
            },
            [](const action::BindService& one) {
                return fmt::format("{} bound", pci::driver_name(one.service));
            },
            [](const action::ResetFunction& one) {
                return std::string(one.method == action::KernelReset::Flr ? "FLR" : "bus reset");
            },
            [](const action::SetSlotPower& one) {
                return std::string(one.on ? "power on" : "power off");
            },
            [](const action::RemoveFunction& one) { return "remove " + brief(one.function); },
            [](const action::RescanBelow&) { return std::string("rescan"); },
            [](const action::ObserveSlot&) { return std::string("look"); },
            [](const action::SurveyUse&) { return std::string("who uses it?"); },
            [](const action::AskHooks&) { return std::string("hooks asked"); },
            [](const action::NoteVfs&) { return std::string("VFs noted"); },
            [](const action::RestoreVfs&) { return std::string("VFs restored"); },
            [](const action::ResetByVfio&) { return std::string("VFIO hot reset"); },
            [](const action::ResetByLentFds&) { return std::string("VFIO hot reset"); },
        },
        effect);
}

Happening asked(std::string what, const event::Requester& requester) {
    return made(Lane::Owner, Tone::Plain, what + " asked",
                what + " asked for by " + printable(requester.to_string()));
}

}  // namespace

std::optional<Happening> happening(const event::KernelEvent& event, Duration at,
                                   std::uint32_t times) {
    auto one = std::visit(
        Overloaded{
            [](const OneOf<event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                           event::HotplugAnnounced> auto& said) { return std::optional(of(said)); },
            [](const event::DeviceWedged& wedged) {
                return std::optional(made(Lane::Owner, Tone::Bad, "driver wedged",
                                          "the driver of " + wedged.function.to_string() +
                                              " asks for a recovery of its device"));
            },
            [](const event::EventsMissed& missed) {
                return std::optional(made(Lane::Slotd, Tone::Warning, "events missed",
                                          "missed " + printable(missed.what)));
            },
            // A hint where to look, and what slotd unbinds and binds itself.
            [](const event::ServicesChanged&) { return std::optional<Happening>(); },
        },
        event);
    if (one && times > 1) {
        one->text += fmt::format(" x{}", times);
        one->detail += fmt::format(", {} times", times);
    }
    if (one) {
        one->at = at;
    }
    return one;
}

std::optional<Happening> happening(const evidence::EffectEnded& ended, Duration at) {
    const bool hooks = std::holds_alternative<action::AskHooks>(ended.effect);
    const bool well = ended.outcome.succeeded();
    Happening one = made(hooks ? Lane::Owner : Lane::Slotd, well ? Tone::Plain : Tone::Bad,
                         brief(ended.effect), action::to_string(ended.effect));
    if (!well) {
        one.text += fmt::format(": {}", event::to_text(ended.outcome.kind));
    }
    one.detail += ": " + printable(ended.outcome.to_string());
    one.at = at;
    one.from = at - ended.took;
    return one;
}

std::optional<Happening> happening(const evidence::Cause& cause, Duration at) {
    auto one = std::visit(
        Overloaded{
            [&](const event::KernelEvent& said) { return happening(said, at, 1); },
            [&](const evidence::EffectEnded& ended) { return happening(ended, at); },
            [](const event::ResetRequested& reset) {
                return std::optional(asked("reset", reset.requester));
            },
            [](const event::HoldRequested& hold) {
                return std::optional(asked("hold", hold.requester));
            },
            [](const event::ReleaseRequested& release) {
                return std::optional(asked("release", release.requester));
            },
            [](const evidence::ExecutorRestarted&) {
                return std::optional(made(Lane::Slotd, Tone::Warning, "slotd-exec anew",
                                          "slotd-exec was started anew"));
            },
            [](const evidence::Reconfigured&) {
                return std::optional(made(Lane::Slotd, Tone::Plain, "another configuration",
                                          "another configuration was taken"));
            },
            [](const OneOf<evidence::TimePassed, evidence::PortSeen, evidence::HistorySaid> auto&) {
                return std::optional<Happening>();
            },
        },
        cause);
    if (one) {
        one->at = at;
    }
    return one;
}

Turn turn_of(const event::KernelEvent& event) {
    return std::visit(
        Overloaded{
            [](const event::RecoveryReported& one) {
                return one.report == event::RecoveryReport::Began ? Turn::Begins : Turn::Ends;
            },
            [](const event::ErrorReported& one) {
                return one.severity == event::Severity::Corrected ? Turn::None : Turn::Begins;
            },
            [](const event::HotplugSeen& one) {
                return one.kind == event::HotplugKind::Removed ? Turn::Begins
                       : one.kind == event::HotplugKind::Added ? Turn::Ends
                                                               : Turn::None;
            },
            [](const event::HotplugAnnounced& one) {
                return one.signal == event::HotplugSignal::LinkDown ||
                               one.signal == event::HotplugSignal::CardNotPresent
                           ? Turn::Begins
                           : Turn::None;
            },
            [](const OneOf<event::DeviceWedged, event::ServicesChanged,
                           event::EventsMissed> auto&) { return Turn::None; },
        },
        event);
}

}  // namespace slotd::report
