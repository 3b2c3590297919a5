#include "control/find_slot.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"

namespace slotd::control {
namespace {

using Names = std::vector<std::string>;

coordinator::SlotStatus slot(pci::Address port, std::string name,
                             std::vector<pci::Address> functions = {}) {
    coordinator::SlotStatus status;
    status.port = status.root_port = port;
    status.slot = std::move(name);
    for (const pci::Address& function : functions) {
        status.functions.push_back({function, "", {}, false});
    }
    return status;
}

/// Slots 5 and 6 of domain 0, two that are both called "11", and a VMD domain that repeats an
/// address.
std::vector<coordinator::SlotStatus> machine() {
    return {
        slot({0, 0, 2, 0}, "5", {{0, 0x3b, 0, 0}, {0, 0x3b, 0, 1}}),
        slot({0, 0, 3, 0}, "6", {{0, 3, 0, 0}}),
        slot({0, 3, 0, 0}, "11"),
        slot({0, 3, 1, 0}, "11"),
        slot({0x10000, 0xe1, 0, 0}, "", {{0x10000, 0x3b, 0, 1}}),
    };
}

pci::Address port_of(const std::string& name) {
    const auto found = find_slot(machine(), name);
    EXPECT_TRUE(found.has_value()) << name;
    return found ? found->slot.port : pci::Address{};
}

std::optional<pci::Address> function_of(const std::string& name) {
    const auto found = find_slot(machine(), name);
    EXPECT_TRUE(found.has_value()) << name;
    return found ? found->function : std::nullopt;
}

Fault fault_of(const std::string& name) {
    const auto found = find_slot(machine(), name);
    EXPECT_FALSE(found.has_value()) << name;
    return found ? Fault(ExpectedMore{}) : found.error();
}

TEST(FindSlot, ByPortAddress) {
    EXPECT_EQ(port_of("0000:00:02.0"), (pci::Address{0, 0, 2, 0}));
    EXPECT_EQ(function_of("0000:00:02.0"), std::nullopt);
}

TEST(FindSlot, BySlotName) {
    EXPECT_EQ(port_of("6"), (pci::Address{0, 0, 3, 0}));
}

TEST(FindSlot, ByAFunctionInIt) {
    EXPECT_EQ(port_of("0000:3b:00.1"), (pci::Address{0, 0, 2, 0}));
    EXPECT_EQ(function_of("0000:3b:00.1"), (pci::Address{0, 0x3b, 0, 1}));
}

TEST(FindSlot, WithoutDomainAndInEitherCase) {
    EXPECT_EQ(function_of("3b:00.0"), (pci::Address{0, 0x3b, 0, 0}));
    EXPECT_EQ(function_of("3B:00.0"), (pci::Address{0, 0x3b, 0, 0}));
    EXPECT_EQ(port_of("e1:00.0"), (pci::Address{0x10000, 0xe1, 0, 0}));
}

// A Downstream Port is a function of the switch above it as well.
TEST(FindSlot, APortIsAPortFirst) {
    EXPECT_EQ(port_of("0000:03:00.0"), (pci::Address{0, 3, 0, 0}));
    EXPECT_EQ(function_of("0000:03:00.0"), std::nullopt);
}

TEST(FindSlot, NamesThatFitSeveralAreNeverGuessed) {
    EXPECT_EQ(fault_of("11"), Fault(AmbiguousSlot{"11", {"0000:03:00.0", "0000:03:01.0"}}));
    EXPECT_EQ(fault_of("3b:00.1"),
              Fault(AmbiguousSlot{"3b:00.1", {"0000:3b:00.1", "10000:3b:00.1"}}));
}

TEST(FindSlot, AnswersAnUnknownNameWithTheNearestFirst) {
    const auto by_label = std::get<NoSuchSlot>(fault_of("55")).candidates;
    EXPECT_EQ(by_label.front(), "5");
    const auto by_address = std::get<NoSuchSlot>(fault_of("0000:3b:00.2")).candidates;
    EXPECT_EQ(by_address.front(), "0000:3b:00.0");
    EXPECT_EQ(by_address.size(), 5U);
}

// A candidate that is ambiguous itself would send the operator in a circle.
TEST(FindSlot, EveryCandidateIsAnUnambiguousName) {
    for (const char* const name : {"12", "x", "3b:00.7", "11"}) {
        const Fault fault = fault_of(name);
        const auto* const unknown = std::get_if<NoSuchSlot>(&fault);
        for (const std::string& candidate :
             unknown != nullptr ? unknown->candidates : std::get<AmbiguousSlot>(fault).candidates) {
            EXPECT_TRUE(find_slot(machine(), candidate).has_value()) << candidate;
        }
    }
}

TEST(FindSlot, BoundsTheCandidates) {
    std::vector<coordinator::SlotStatus> many;
    for (std::uint8_t device = 0; device < 32; ++device) {
        many.push_back(slot({0, 0, device, 0}, "same"));
    }

    EXPECT_EQ(std::get<NoSuchSlot>(find_slot(many, "x").error()).candidates.size(), kCandidatesMax);
    EXPECT_EQ(std::get<AmbiguousSlot>(find_slot(many, "same").error()).candidates.size(),
              kCandidatesMax);
}

TEST(FindSlot, SaysNothingOnAMachineWithoutPorts) {
    EXPECT_EQ(find_slot({}, "5").error(), Fault(NoSuchSlot{"5", {}}));
}

}  // namespace
}  // namespace slotd::control
