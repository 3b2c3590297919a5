#include "os/port_facts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "os/sysfs_topology.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "report/checkup.hpp"
#include "tests/fakes/fake_pci_tree.hpp"

namespace slotd::os {
namespace {

using pci::Service;
using report::FunctionFacts;
using report::PortFacts;

const std::string kRoot = "pci0000:00/0000:00:1c.0";
const std::string kCard = kRoot + "/0000:01:00.0";

pci::Function function(const pci::Address& address) {
    return {address, "e1000e", {}};
}

class PortFactsTest : public testing::Test {
protected:
    PortFactsTest() {
        tree.bridge(kRoot, 1, 1);
        tree.service(kRoot, "pcie002", "aer");
        tree.service(kRoot, "pcie004", "");
        tree.attribute(kRoot, "aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 0\n");
        tree.endpoint(kCard, "e1000e");
        tree.attribute(kCard, "aer_dev_fatal", "TOTAL_ERR_FATAL 2\n");
        tree.attribute(kCard, "aer_dev_nonfatal", "TOTAL_ERR_NONFATAL 3\n");
        tree.attribute(kCard, "reset_method", "flr bus\n");
        slot.port = slot.root_port = {0, 0, 0x1c, 0};
        slot.phase = "idle";
        slot.functions = {function({0, 1, 0, 0})};
    }

    PortFacts read() const {
        return read_port_facts(tree.root(), SysfsTopology(tree.root()).scan().value(), slot);
    }

    fakes::FakePciTree tree;
    coordinator::SlotStatus slot;
};

TEST_F(PortFactsTest, AreWhatSysfsShows) {
    EXPECT_EQ(read(), (PortFacts{.found = true,
                                 .reports_errors = true,
                                 .services = {Service::Aer, Service::Pciehp},
                                 .bound = {Service::Aer},
                                 .root_services = {Service::Aer, Service::Pciehp},
                                 .root_bound = {Service::Aer},
                                 .functions = {{.address = {0, 1, 0, 0},
                                                .reports_errors = true,
                                                .reset_methods = {"flr", "bus"},
                                                .errors = {.nonfatal = 3, .fatal = 2}}}}));
}

TEST_F(PortFactsTest, AFunctionThatHasGoneAndAVirtualOneAreLeftOut) {
    slot.functions.push_back(function({0, 1, 0, 1}));
    slot.functions.push_back(function({0, 1, 0, 2}));
    tree.endpoint(kRoot + "/0000:01:00.2", "");
    tree.files().link("devices/" + kRoot + "/0000:01:00.2/physfn", "../0000:01:00.0");

    EXPECT_EQ(read().functions.size(), 1U);
}

TEST_F(PortFactsTest, APortThatHasGoneIsNotFound) {
    slot.port = {0, 0, 0x1d, 0};
    EXPECT_EQ(read(), PortFacts{});
}

TEST_F(PortFactsTest, HostileAttributesAreNoNumbersAndNoLongLists) {
    std::string many;
    for (int i = 0; i < 1000; ++i) {
        many += "flr ";
    }
    tree.attribute(kCard, "reset_method", "\x1b[31m  " + std::string(100, 'x') + " " + many);
    tree.attribute(kCard, "aer_dev_fatal", "TOTAL_ERR_FATAL -2\nTOTAL_ERR_FATAL 7\n");

    const FunctionFacts facts = read().functions.front();
    EXPECT_EQ(facts.reset_methods.size(), 16U);
    EXPECT_EQ(facts.reset_methods.front(), "?[31m");
    EXPECT_EQ(facts.reset_methods.at(1), "flr");
    EXPECT_EQ(facts.errors.fatal, 0U);
}

}  // namespace
}  // namespace slotd::os
