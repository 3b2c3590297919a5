// event::decode_uevent: what comes over the netlink socket, "KEY=VALUE" ended by NUL each.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/overloaded.hpp"
#include "base/parse.hpp"
#include "event/kernel_event.hpp"
#include "event/uevent_decode.hpp"
#include "pci/address.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

using event::Uevent;

Uevent uevent_of(std::string_view message) {
    Uevent uevent;
    while (!message.empty()) {
        std::string_view value = next_field(message, '\0');
        const std::string_view key = next_field(value, '=');
        for (const auto& [name, field] :
             {std::pair{"SUBSYSTEM", &Uevent::subsystem}, std::pair{"ACTION", &Uevent::action},
              std::pair{"DEVPATH", &Uevent::devpath}, std::pair{"PCI_SLOT_NAME", &Uevent::function},
              std::pair{"ERROR_EVENT", &Uevent::error_event},
              std::pair{"SYNTH_UUID", &Uevent::synthetic}, std::pair{"WEDGED", &Uevent::wedged}}) {
            if (key == name) {
                uevent.*field = value;
            }
        }
    }
    return uevent;
}

/// The message names the place that the event is about; nobody else made it up.
bool names_its_place(const Uevent& uevent, const pci::Address& place) {
    return uevent.devpath.find(place.to_string()) != std::string_view::npos;
}

void require_recovery(const Uevent& uevent, const event::RecoveryReported& reported) {
    const std::string place = reported.function.to_string();
    const std::string path = "/devices/" + place;
    Uevent same{.subsystem = "pci",
                .action = "change",
                .devpath = path,
                .function = place,
                .error_event = uevent.error_event,
                .synthetic = ""};
    require(event::decode_uevent(same) == event::KernelEvent(reported),
            "the same report is decoded from the kernel's own form");
    same.function = "ffff:ff:1f.7";
    require(place == same.function || !event::decode_uevent(same),
            "a message that contradicts itself means nothing");
}

}  // namespace

void fuzz_uevent(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kMethodsMax = 8;
    Uevent uevent = uevent_of(text_of(bytes));
    const auto decoded = event::decode_uevent(uevent);
    if (!decoded) {
        return;
    }
    std::visit(Overloaded{
                   [&](const event::RecoveryReported& one) {
                       require(names_its_place(uevent, one.function), "a recovery names its card");
                       require_recovery(uevent, one);
                   },
                   [&](const event::HotplugSeen& one) {
                       require(names_its_place(uevent, one.function), "a hot-plug names its card");
                   },
                   [&](const event::DeviceWedged& one) {
                       require(names_its_place(uevent, one.function), "a wedge names its card");
                       require(!one.methods.empty() && one.methods.size() <= kMethodsMax,
                               "a wedge has some methods, and not many");
                   },
                   [&](const event::ServicesChanged& one) {
                       require(names_its_place(uevent, one.port), "a service names its port");
                   },
                   [](const OneOf<event::ErrorReported, event::HotplugAnnounced,
                                  event::EventsMissed> auto&) {
                       require(false, "no uevent means what only a trace tells");
                   },
               },
               *decoded);
    uevent.synthetic = "0";
    require(!event::decode_uevent(uevent), "a synthetic uevent means nothing");
}

}  // namespace slotd::fuzz
