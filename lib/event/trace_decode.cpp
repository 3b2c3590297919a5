#include "event/trace_decode.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/parse.hpp"
#include "event/kernel_event.hpp"
#include "pci/address.hpp"

namespace slotd::event {

namespace {

/// The kernel prints the status register as names (__print_flags); these give the bits back.
struct NamedBit {
    std::string_view name;
    std::uint32_t bit;
};

// PCIe r6.0 7.8.4.5; names of include/ras/ras_event.h aer_correctable_errors.
constexpr std::array kCorrectable{
    NamedBit{"Receiver Error", 0x0001},
    NamedBit{"Bad TLP", 0x0040},
    NamedBit{"Bad DLLP", 0x0080},
    NamedBit{"RELAY_NUM Rollover", 0x0100},
    NamedBit{"Replay Timer Timeout", 0x1000},
    NamedBit{"Advisory Non-Fatal Error", 0x2000},
    NamedBit{"Corrected Internal Error", 0x4000},
    NamedBit{"Header Log Overflow", 0x8000},
};

// PCIe r6.0 7.8.4.2; names of aer_uncorrectable_errors.
constexpr std::array kUncorrectable{
    NamedBit{"Undefined", 0x00000001},
    NamedBit{"Data Link Protocol Error", 0x00000010},
    NamedBit{"Surprise Down Error", 0x00000020},
    NamedBit{"Poisoned TLP", 0x00001000},
    NamedBit{"Flow Control Protocol Error", 0x00002000},
    NamedBit{"Completion Timeout", 0x00004000},
    NamedBit{"Completer Abort", 0x00008000},
    NamedBit{"Unexpected Completion", 0x00010000},
    NamedBit{"Receiver Overflow", 0x00020000},
    NamedBit{"Malformed TLP", 0x00040000},
    NamedBit{"ECRC Error", 0x00080000},
    NamedBit{"Unsupported Request Error", 0x00100000},
    NamedBit{"ACS Violation", 0x00200000},
    NamedBit{"Uncorrectable Internal Error", 0x00400000},
    NamedBit{"MC Blocked TLP", 0x00800000},
    NamedBit{"AtomicOp Egress Blocked", 0x01000000},
    NamedBit{"TLP Prefix Blocked Error", 0x02000000},
};

/// What follows `marker`; nullopt where it does not occur. The first occurrence counts: what comes
/// after the event's name is written by the device and its names.
std::optional<std::string_view> after(std::string_view text, std::string_view marker) {
    const auto at = text.find(marker);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    return text.substr(at + marker.size());
}

/// The event's own text: after "<name>: " at the start of the line or after the time's ": ".
std::optional<std::string_view> text_of(std::string_view line, std::string_view name) {
    if (line.starts_with(name)) {
        return line.substr(name.size());
    }
    const auto at = line.find(name);
    if (at == std::string_view::npos || !line.substr(0, at).ends_with(": ")) {
        return std::nullopt;
    }
    return line.substr(at + name.size());
}

/// "Bad TLP|0x20000": bits without a name come last, in hex, as __print_flags prints them.
std::uint32_t status_bits(std::string_view names, std::span<const NamedBit> known) {
    std::uint32_t bits = 0;
    while (!names.empty()) {
        const std::string_view name = next_field(names, '|');
        for (const NamedBit& candidate : known) {
            bits |= candidate.name == name ? candidate.bit : 0;
        }
        if (name.starts_with("0x")) {
            bits |= parse_unsigned<std::uint32_t>(name.substr(2), 16).value_or(0);
        }
    }
    return bits;
}

struct SeverityText {
    std::string_view text;
    Severity severity;
};

constexpr std::array kSeverities{
    SeverityText{"Corrected, ", Severity::Corrected},
    SeverityText{"Uncorrected, non-fatal, ", Severity::NonFatal},
    SeverityText{"Fatal, ", Severity::Fatal},
};

std::optional<KernelEvent> decode_aer(std::string_view text) {
    const auto function = pci::Address::parse(next_field(text, ' '));
    // Newer kernels name the bus here ("PCIe", "CXL").
    const auto report = after(text, " Bus Error: severity=");
    if (!function || !report) {
        return std::nullopt;
    }
    for (const SeverityText& candidate : kSeverities) {
        if (report->starts_with(candidate.text)) {
            const std::string_view rest = report->substr(candidate.text.size());
            const auto known = candidate.severity == Severity::Corrected
                                   ? std::span<const NamedBit>(kCorrectable)
                                   : std::span<const NamedBit>(kUncorrectable);
            const std::string_view names = rest.substr(0, rest.find(", TLP Header="));
            return ErrorReported{*function, candidate.severity, status_bits(names, known)};
        }
    }
    return std::nullopt;
}

std::optional<HotplugSignal> signal_of(std::string_view name) {
    // v7.0 prints LINK_UP; the patch's earlier versions, which distributions carry, "Link Up".
    if (name == "LINK_UP" || name == "Link Up") {
        return HotplugSignal::LinkUp;
    }
    if (name == "LINK_DOWN" || name == "Link Down") {
        return HotplugSignal::LinkDown;
    }
    if (name == "CARD_PRESENT" || name == "Card present") {
        return HotplugSignal::CardPresent;
    }
    if (name == "CARD_NOT_PRESENT" || name == "Card not present") {
        return HotplugSignal::CardNotPresent;
    }
    return std::nullopt;
}

std::optional<KernelEvent> decode_hotplug(std::string_view text) {
    const auto port = pci::Address::parse(next_field(text, ' '));
    const auto name = after(text, ", event:");
    const auto signal = name ? signal_of(*name) : std::nullopt;
    if (!port || !signal) {
        return std::nullopt;
    }
    return HotplugAnnounced{*port, *signal};
}

std::optional<KernelEvent> decode_lost(std::string_view text) {
    if (text == "EVENTS]") {
        return EventsMissed{"an unknown number of trace events (trace buffer overwritten)"};
    }
    const auto count = parse_unsigned<std::uint64_t>(next_field(text, ' '));
    if (!count || text != "EVENTS]") {
        return std::nullopt;
    }
    return EventsMissed{
        fmt::format("{} trace event{} (trace buffer overwritten)", *count, *count == 1 ? "" : "s")};
}

}  // namespace

std::optional<KernelEvent> decode_trace_line(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with(' ')) {
        line.remove_suffix(1);
    }
    if (line.starts_with("CPU:")) {
        const auto lost = after(line, " [LOST ");
        return lost ? decode_lost(*lost) : std::nullopt;
    }
    if (const auto text = text_of(line, "aer_event: ")) {
        return decode_aer(*text);
    }
    if (const auto text = text_of(line, "pci_hp_event: ")) {
        return decode_hotplug(*text);
    }
    return std::nullopt;
}

}  // namespace slotd::event
