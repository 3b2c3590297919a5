#include "event/trace_decode.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event/kernel_event.hpp"
#include "pci/address.hpp"

namespace slotd::event {
namespace {

constexpr pci::Address kCard{0, 0x01, 0x00, 0};
constexpr pci::Address kPort{0, 0x00, 0x1c, 0};

using Decoded = std::optional<KernelEvent>;

TEST(TraceDecode, ReadsAFatalErrorWithItsContext) {
    EXPECT_EQ(decode_trace_line("   irq/24-aerdrv-75      [000] .....    19.123456: aer_event: "
                                "0000:01:00.0 PCIe Bus Error: severity=Fatal, Malformed TLP, "
                                "TLP Header={0x4a000001,0x1,0x2,0x3}\n"),
              Decoded(ErrorReported{kCard, Severity::Fatal, 0x40000}));
}

TEST(TraceDecode, ReadsALineWithoutContext) {
    EXPECT_EQ(decode_trace_line("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Corrected, "
                                "Bad TLP|Bad DLLP, TLP Header=Not available"),
              Decoded(ErrorReported{kCard, Severity::Corrected, 0xc0}));
}

// The severity's text has a comma of its own.
TEST(TraceDecode, ReadsANonFatalError) {
    EXPECT_EQ(decode_trace_line("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Uncorrected, "
                                "non-fatal, Completion Timeout, TLP Header=Not available"),
              Decoded(ErrorReported{kCard, Severity::NonFatal, 0x4000}));
}

// An error whose status could not be read (a fatal one of an endpoint) has no names.
TEST(TraceDecode, ReadsAnErrorWithoutStatus) {
    EXPECT_EQ(decode_trace_line("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, , "
                                "TLP Header=Not available"),
              Decoded(ErrorReported{kCard, Severity::Fatal, 0}));
}

TEST(TraceDecode, KeepsBitsThatHaveNoName) {
    EXPECT_EQ(decode_trace_line("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, "
                                "Poisoned TLP|0x4000000, TLP Header=Not available"),
              Decoded(ErrorReported{kCard, Severity::Fatal, 0x4001000}));
}

TEST(TraceDecode, ReadsTheFormThatNamesTheBus) {
    EXPECT_EQ(decode_trace_line("aer_event: 0000:01:00.0 CXL Bus Error: severity=Fatal, "
                                "Undefined, TLP Header=Not available"),
              Decoded(ErrorReported{kCard, Severity::Fatal, 1}));
}

TEST(TraceDecode, ReadsTheFourHotplugSignalsInBothSpellings) {
    const auto line = [](const std::string& name) {
        return decode_trace_line(
            "irq/30-pciehp-90 [001] ..... 7.5: pci_hp_event: 0000:00:1c.0 "
            "slot:5, event:" +
            name);
    };
    EXPECT_EQ(line("LINK_UP"), Decoded(HotplugAnnounced{kPort, HotplugSignal::LinkUp}));
    EXPECT_EQ(line("Link Up"), Decoded(HotplugAnnounced{kPort, HotplugSignal::LinkUp}));
    EXPECT_EQ(line("LINK_DOWN"), Decoded(HotplugAnnounced{kPort, HotplugSignal::LinkDown}));
    EXPECT_EQ(line("Link Down"), Decoded(HotplugAnnounced{kPort, HotplugSignal::LinkDown}));
    EXPECT_EQ(line("CARD_PRESENT"), Decoded(HotplugAnnounced{kPort, HotplugSignal::CardPresent}));
    EXPECT_EQ(line("Card present"), Decoded(HotplugAnnounced{kPort, HotplugSignal::CardPresent}));
    EXPECT_EQ(line("CARD_NOT_PRESENT"),
              Decoded(HotplugAnnounced{kPort, HotplugSignal::CardNotPresent}));
    EXPECT_EQ(line("Card not present"),
              Decoded(HotplugAnnounced{kPort, HotplugSignal::CardNotPresent}));
    EXPECT_EQ(line("NOT_AN_EVENT"), std::nullopt);
}

TEST(TraceDecode, TakesOverwrittenEventsForMissedOnes) {
    EXPECT_EQ(decode_trace_line("CPU:1 [LOST 17 EVENTS]\n"),
              Decoded(EventsMissed{"17 trace events (trace buffer overwritten)"}));
    EXPECT_EQ(decode_trace_line("CPU:0 [LOST 1 EVENTS]"),
              Decoded(EventsMissed{"1 trace event (trace buffer overwritten)"}));
    EXPECT_EQ(
        decode_trace_line("CPU:0 [LOST EVENTS]"),
        Decoded(EventsMissed{"an unknown number of trace events (trace buffer overwritten)"}));
}

TEST(TraceDecode, IgnoresEverythingElse) {
    const std::string binary("aer_event: \0\xff\x80", 14);
    const std::string long_line = "aer_event: 0000:01:00.0 PCIe " + std::string(100'000, '|');
    const std::vector<std::string_view> lines{
        "",
        "\n",
        "aer_event:",
        "aer_event: ",
        "aer_event: 0000:01:00.0",
        "aer_event: 0000:01:00.0 PCIe Bus Error: severity=",
        "aer_event: 0000:01:00.0 PCIe Bus Error: severity=Dreadful, , TLP Header=",
        "aer_event: nobody PCIe Bus Error: severity=Fatal, , TLP Header=Not available",
        "pci_hp_event: ",
        "pci_hp_event: 0000:00:1c.0",
        "pci_hp_event: 0000:00:1c.0 slot:5",
        "pci_hp_event: slot:5, event:LINK_UP",
        "CPU:",
        "CPU:1 [LOST",
        "CPU:1 [LOST many EVENTS]",
        "CPU:1 [LOST 99999999999999999999999 EVENTS]",
        "CPU:1 [LOST 1 EVENTS] and more",
        "not_an_aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, , TLP Header=",
        "mc_event: 1 Corrected error: memory read error",
        binary,
        long_line,
    };
    for (const std::string_view line : lines) {
        EXPECT_EQ(decode_trace_line(line), std::nullopt) << line.substr(0, 80);
    }
}

// Every prefix of a real line is a possible end of a read.
TEST(TraceDecode, SurvivesALineCutAnywhere) {
    const std::string_view line =
        "x-1 [000] ..... 1.0: aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, "
        "Malformed TLP|0x4000000, TLP Header={0x4a000001,0x1,0x2,0x3}";
    for (std::size_t length = 0; length < line.size(); ++length) {
        const auto decoded = decode_trace_line(line.substr(0, length));
        EXPECT_TRUE(!decoded || std::holds_alternative<ErrorReported>(*decoded)) << length;
    }
}

}  // namespace
}  // namespace slotd::event
