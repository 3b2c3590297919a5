#include "os/gate.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::os {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kFunction{0, 1, 0, 0};

std::vector<Gate> every_gate() {
    return {FenceGate{kPort, 0x0547, 0x0002, 0x283f},
            HotplugGate{kPort, 0x1128},
            ServiceGate{kPort, pci::Service::Aer},
            ServiceGate{kPort, pci::Service::Dpc},
            ServiceGate{kPort, pci::Service::Pciehp},
            ResetMethodGate{kFunction, "device_specific flr bus", "bus"},
            DriverGate{kPort, kFunction, {"virtio-pci", ""}},
            DriverGate{kPort, kFunction, {"", "pci-stub"}},
            VfsGate{kPort, kFunction, true, {{"nvme", ""}, {"vfio-pci", "vfio-pci"}}},
            VfsGate{kPort, kFunction, false, {{"", ""}}},
            PowerGate{kPort}};
}

std::string line_of(const Gate& gate) {
    return std::string(without_newline(closed_line(gate)));
}

TEST(GateLine, IsReadableByAPerson) {
    EXPECT_TRUE(
        closed_line(every_gate()[0]).starts_with("closed fence 0000:00:1c.0 0547 0002 283f #"));
    EXPECT_TRUE(opened_line(every_gate()[2]).starts_with("opened service 0000:00:1c.0 aer #"));
    EXPECT_TRUE(closed_line(every_gate()[5])
                    .starts_with("closed reset_method 0000:01:00.0 bus|device_specific flr bus #"));
}

TEST(GateLine, CarriesEveryGate) {
    for (const Gate& gate : every_gate()) {
        const auto line = parse_gate_line(line_of(gate));

        ASSERT_TRUE(line.has_value()) << name_of(gate);
        EXPECT_EQ(*line, (GateLine{gate, name_of(gate)}));
    }
}

TEST(GateLine, CarriesTheNameOfAnOpenedGate) {
    for (const Gate& gate : every_gate()) {
        const auto line = parse_gate_line(without_newline(opened_line(gate)));

        ASSERT_TRUE(line.has_value()) << name_of(gate);
        EXPECT_EQ(*line, (GateLine{std::nullopt, name_of(gate)}));
    }
}

TEST(GateLine, IsMalformedAfterAnyTruncation) {
    for (const Gate& gate : every_gate()) {
        const std::string line = line_of(gate);
        for (std::size_t length = 0; length < line.size(); ++length) {
            EXPECT_FALSE(parse_gate_line(std::string_view(line).substr(0, length)).has_value());
        }
    }
}

TEST(GateLine, IsMalformedAfterAnyFlippedBit) {
    for (const Gate& gate : every_gate()) {
        const std::string line = line_of(gate);
        // The checksum's own digits may be spelled in capitals and mean the same.
        for (std::size_t at = 0; at + 9 < line.size(); ++at) {
            for (int bit = 0; bit < 8; ++bit) {
                std::string flipped = line;
                flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
                EXPECT_FALSE(parse_gate_line(flipped).has_value()) << flipped;
            }
        }
    }
}

// Each with its right sum.
TEST(GateLine, IsMalformedInAnySpellingButItsOwn) {
    EXPECT_TRUE(parse_gate_line("closed fence 0000:00:1c.0 0547 0002 283f #d342d8f3"));

    EXPECT_FALSE(parse_gate_line("closed fence 0000:00:1c.0 0547 0002 283f more #988a81f0"));
    EXPECT_FALSE(parse_gate_line("closed fence 0000:00:1c.0 0547 0002 283F #e82cf83b"));
    EXPECT_FALSE(parse_gate_line("closed fence 0000:00:1c.0 0547 0002 283f #D342D8F3"));
    EXPECT_FALSE(parse_gate_line("closed hotplug 0000:00:1c.0 1018 1018 #1288b221"));
}

TEST(GateLine, NamesTwoServicesOfOnePortDifferently) {
    EXPECT_NE(name_of(ServiceGate{kPort, pci::Service::Aer}),
              name_of(ServiceGate{kPort, pci::Service::Pciehp}));
}

}  // namespace
}  // namespace slotd::os
