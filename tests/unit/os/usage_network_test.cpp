#include "os/usage_network.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/fake_use.hpp"

namespace slotd::os {
namespace {

const std::string kInterface = "pci0000:00/0000:00:1c.0/0000:01:00.0/net/eth0";
const std::string kHeading =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const std::string kZeros(32, '0');

struct UsageNetworkTest : testing::Test {
    UsageNetworkTest() { use.interface(kInterface); }

    event::NetworkUse network(const std::set<std::string>& routes = {}) const {
        return network_use(SysfsDir::open(tree.root()).value(), "eth0", routes);
    }

    fakes::FakePciTree tree;
    fakes::FakeUse use{tree};
};

TEST(ParseDefaultRoutes, FindsThoseOfIpv4) {
    EXPECT_EQ(parse_default_routes(kHeading +
                                   "eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
                                   "eth1\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
                                   "eth2\t00000000\t00000000\t0001\t0\t0\t100\t00000080\t0\t0\t0\n"
                                   "*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n"),
              std::set<std::string>{"eth0"});
}

TEST(ParseDefaultRoutes, FindsThoseOfIpv6) {
    const std::string rest = " " + kZeros + " 00 ";
    EXPECT_EQ(parse_default_routes6(
                  kZeros + " 00" + rest + "fe80" + std::string(28, '0') +
                  " 00000400 00000001 00000000 00000003     eth0\n" + kZeros + " 00" + rest +
                  kZeros + " ffffffff 00000001 00000000 00200200       lo\n" + kZeros + " 40" +
                  rest + kZeros + " 00000100 00000001 00000000 00000001     eth1\n"),
              std::set<std::string>{"eth0"});
}

TEST(ParseDefaultRoutes, TakeNothingFromWhatIsNoTable) {
    for (const std::string text : {"", "\n\n\n", "eth0", "eth0 0 0", "\xff\xff\n\xff", "       "}) {
        EXPECT_EQ(parse_default_routes("x\n" + text), std::set<std::string>{}) << text;
        EXPECT_EQ(parse_default_routes6(text), std::set<std::string>{}) << text;
    }
    EXPECT_EQ(parse_default_routes6(std::string(1U << 20, ' ')), std::set<std::string>{});
}

TEST_F(UsageNetworkTest, ADefaultRouteIsFoundInATableThatNeverEnds) {
    std::string table = kHeading + "eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
    while (table.size() < (1U << 20)) {
        table += "eth1\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
    }
    use.proc().write("1/net/route", table);
    std::vector<std::string> unreadable;

    EXPECT_EQ(read_default_routes(SysfsDir::open(use.proc_root()).value(), unreadable),
              std::set<std::string>{"eth0"});
    EXPECT_EQ(unreadable, std::vector<std::string>{});
}

TEST_F(UsageNetworkTest, AnInterfaceThatIsDownHasNoCarrier) {
    use.interface_attribute("eth0", "flags", "0x1002\n");
    use.interface_attribute("eth0", "operstate", "unknown\n");

    EXPECT_EQ(network(), (event::NetworkUse{"eth0", false, false, false, ""}));
}

TEST_F(UsageNetworkTest, ThePulledCableIsTold) {
    use.interface_attribute("eth0", "operstate", "down\n");

    EXPECT_EQ(network(), (event::NetworkUse{"eth0", true, false, false, ""}));
}

TEST_F(UsageNetworkTest, FlagsThatAreNoNumberAreNone) {
    for (const std::string flags : {"", "1", "0x", "0xzz", "-0x1", "0x1ffffffff"}) {
        use.interface_attribute("eth0", "flags", flags);
        EXPECT_FALSE(network().up) << flags;
    }
}

TEST_F(UsageNetworkTest, ARouteThroughWhatIsStackedOnItIsItsOwn) {
    use.stack_interface("eth0", "br0", true);
    use.stack_interface("br0", "br0.5", false);
    use.sys().link("class/net/br0.5/upper_eth0", "nowhere");  // a loop

    EXPECT_EQ(network({"br0.5"}), (event::NetworkUse{.name = "eth0",
                                                     .up = true,
                                                     .carrier = true,
                                                     .default_route = true,
                                                     .member_of = "br0"}));
    EXPECT_FALSE(network({"br0.6"}).default_route);
}

}  // namespace
}  // namespace slotd::os
