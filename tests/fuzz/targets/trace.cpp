// event::decode_trace_line: lines of tracefs.
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/overloaded.hpp"
#include "base/parse.hpp"
#include "event/kernel_event.hpp"
#include "event/trace_decode.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

using event::KernelEvent;

const char* severity_text(event::Severity severity) {
    switch (severity) {
        case event::Severity::Corrected:
            return "Corrected";
        case event::Severity::NonFatal:
            return "Uncorrected, non-fatal";
        case event::Severity::Fatal:
            break;
    }
    return "Fatal";
}

const char* signal_text(event::HotplugSignal signal) {
    switch (signal) {
        case event::HotplugSignal::LinkUp:
            return "LINK_UP";
        case event::HotplugSignal::LinkDown:
            return "LINK_DOWN";
        case event::HotplugSignal::CardPresent:
            return "CARD_PRESENT";
        case event::HotplugSignal::CardNotPresent:
            break;
    }
    return "CARD_NOT_PRESENT";
}

/// As the kernel would have printed it; bits as __print_flags prints those without a name.
std::optional<std::string> line_of(const KernelEvent& event) {
    return std::visit(
        Overloaded{
            [](const event::ErrorReported& one) {
                return std::optional(fmt::format(
                    "aer_event: {} PCIe Bus Error: severity={}, {:#x}, TLP Header=Not available",
                    one.function.to_string(), severity_text(one.severity), one.status));
            },
            [](const event::HotplugAnnounced& one) {
                return std::optional(fmt::format("pci_hp_event: {} slot:5, event:{}",
                                                 one.port.to_string(), signal_text(one.signal)));
            },
            [](const event::EventsMissed& one) {
                require(is_printable(one.what), "what was missed is printable");
                return std::optional<std::string>();
            },
            [](const OneOf<event::RecoveryReported, event::HotplugSeen, event::DeviceWedged,
                           event::ServicesChanged> auto&) {
                require(false, "no trace line means what only a uevent tells");
                return std::optional<std::string>();
            },
        },
        event);
}

}  // namespace

void fuzz_trace(std::span<const std::uint8_t> bytes) {
    std::string_view rest = text_of(bytes);
    while (!rest.empty()) {
        const std::string line(next_field(rest, '\n'));
        const auto decoded = event::decode_trace_line(line);
        require(event::decode_trace_line(line + " \n") == decoded, "an end of line adds nothing");
        if (!decoded) {
            continue;
        }
        if (const auto again = line_of(*decoded)) {
            require(event::decode_trace_line(*again) == decoded, "decode(encode(x)) is x");
            require(
                event::decode_trace_line("irq/24-aerdrv-87 [000] ..... 12.5: " + *again) == decoded,
                "task, CPU and time in front change nothing");
        }
    }
}

}  // namespace slotd::fuzz
