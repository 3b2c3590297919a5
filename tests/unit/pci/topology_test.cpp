#include "pci/topology.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "pci/address.hpp"

namespace slotd::pci {
namespace {

Port port_at(Address address, std::optional<Address> parent, std::uint8_t secondary,
             std::uint8_t subordinate) {
    Port port;
    port.address = address;
    port.parent = parent;
    port.root_port = parent.value_or(address);
    port.secondary_bus = secondary;
    port.subordinate_bus = subordinate;
    return port;
}

std::vector<Address> addresses_of(const std::vector<const Port*>& ports) {
    std::vector<Address> addresses;
    for (const Port* const port : ports) {
        addresses.push_back(port->address);
    }
    return addresses;
}

constexpr Address kRoot{0, 0, 0x1c, 0};
constexpr Address kLeft{0, 2, 0, 0};
constexpr Address kRight{0, 2, 1, 0};
constexpr Address kOther{0, 0, 0x1d, 0};

Topology switch_below_a_root_port() {
    return Topology({port_at(kRoot, std::nullopt, 1, 4), port_at(kLeft, kRoot, 3, 3),
                     port_at(kRight, kRoot, 4, 4), port_at(kOther, std::nullopt, 5, 5)});
}

TEST(Topology, NamesTheNestedPortAboveAFunctionAndNoneWhereNoBusRangeCovers) {
    const Topology topology = switch_below_a_root_port();

    EXPECT_EQ(topology.port_above({0, 4, 0, 0})->address, kRight);
    EXPECT_EQ(topology.port_above(kRight)->address, kRoot);
    EXPECT_EQ(topology.port_above(kRoot), nullptr);
    EXPECT_EQ(topology.port_above({0, 6, 0, 0}), nullptr);
    EXPECT_EQ(topology.port_above({1, 4, 0, 0}), nullptr);
}

// The domains of VMD begin at 0x10000, whose low half is that of the first domain.
TEST(Topology, TellsDomainsApartThatDifferInTheirHighHalfAlone) {
    const Address vmd{0x10000, 0, 0x1c, 0};
    const Topology topology({port_at(kRoot, std::nullopt, 1, 4), port_at(vmd, std::nullopt, 2, 3)});

    EXPECT_EQ(topology.port_above({0, 3, 0, 0}), topology.find(kRoot));
    EXPECT_EQ(topology.port_above({0x10000, 3, 0, 0}), topology.find(vmd));
    EXPECT_EQ(topology.port_above({0x10000, 1, 0, 0}), nullptr);
}

TEST(Topology, ListsAPortAndAllBelowItByAddress) {
    const Topology topology = switch_below_a_root_port();

    EXPECT_EQ(addresses_of(topology.subtree(kRoot)), (std::vector{kRoot, kLeft, kRight}));
    EXPECT_EQ(addresses_of(topology.subtree(kOther)), std::vector{kOther});
    EXPECT_EQ(topology.subtree({0, 9, 0, 0}), std::vector<const Port*>{});
}

// A copy must not look into the ports of what it was copied from.
TEST(Topology, AnswersFromItsOwnPortsAfterACopy) {
    const Topology copy = [] {
        const Topology original = switch_below_a_root_port();
        return Topology(original);
    }();

    EXPECT_EQ(copy.subtree(kRoot).front(), copy.ports().data());
    EXPECT_EQ(copy.port_above({0, 4, 0, 0}), copy.find(kRight));
}

// What a scan of a machine in motion may find: any parents, cycles too, and any bus numbers. The
// rules are those of the header, said once more in the slow way.
TEST(Topology, KeepsItsWordOverAnyPortsThatAScanMayFind) {
    std::mt19937 random(20261126);
    const auto number = [&](unsigned below) { return static_cast<std::uint8_t>(random() % below); };
    const auto any_address = [&] { return Address{number(2), number(3), number(4), 0}; };
    for (int round = 0; round < 2000; ++round) {
        std::vector<Port> ports;
        for (int made = number(12); made > 0; --made) {
            const auto parent = number(4) == 0 ? std::nullopt : std::optional(any_address());
            ports.push_back(port_at(any_address(), parent, number(8), number(8)));
        }
        const Topology topology(ports);
        const Address asked = any_address();

        std::vector<Address> below;
        const Port* above = nullptr;
        for (const Port& port : topology.ports()) {
            if (port.address == asked || topology.is_above(asked, port.address)) {
                below.push_back(port.address);
            }
            const bool covers = port.secondary_bus != 0 && port.address.domain == asked.domain &&
                                port.secondary_bus <= asked.bus &&
                                asked.bus <= port.subordinate_bus;
            if (covers && (above == nullptr || port.secondary_bus > above->secondary_bus)) {
                above = &port;
            }
        }

        ASSERT_EQ(addresses_of(topology.subtree(asked)), below) << "round " << round;
        ASSERT_EQ(topology.port_above(asked), above) << "round " << round;
        ASSERT_EQ(topology.may_be_port(asked),
                  std::ranges::any_of(topology.ports(),
                                      [&](const Port& port) {
                                          return port.address.domain == asked.domain &&
                                                 port.address.bus == asked.bus;
                                      }))
            << "round " << round;
    }
}

}  // namespace
}  // namespace slotd::pci
