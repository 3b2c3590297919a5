#include "event/usage_wire.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "event/usage.hpp"

namespace slotd::event {
namespace {

Usage full_usage() {
    Usage usage;
    usage.port = {0, 0, 0x1c, 0};
    FunctionUse disk;
    disk.address = {0, 1, 0, 0};
    disk.driver = "nvme";
    disk.blocks = {{.name = "nvme0n1",
                    .in_flight = 7,
                    .holders = {"dm-0 (vg-root)", "md127"},
                    .mounts = {{"nvme0n1p1", "/boot"}, {"dm-0", "/"}},
                    .swaps = {"nvme0n1p2"}}};
    FunctionUse network;
    network.address = {0, 1, 0, 1};
    network.driver = "igb";
    network.networks = {
        {.name = "eth0", .up = true, .carrier = true, .default_route = true, .member_of = "bond0"}};
    network.vfs = {{{0, 1, 0x10, 1}, "igbvf"}, {{0, 1, 0x10, 3}, ""}};
    FunctionUse lent;
    lent.address = {0, 1, 0, 2};
    lent.driver = "vfio-pci";
    lent.vfio_group = 17;
    lent.vfio_open = true;
    usage.functions = {disk, network, lent};
    usage.processes = {
        {4711, "qemu-system-x86", "machine-qemu.scope", "/dev/vfio/17", {0, 1, 0, 2}}};
    usage.left_out = 3;
    usage.unreadable = {"the open files of 2 processes"};
    return usage;
}

OutcomeReport report_with(const Usage& usage) {
    return {9, {OutcomeKind::Done, 0, std::string(kContextBytesMax, 'c'), std::nullopt, usage}};
}

TEST(UsageWire, CarriesEverything) {
    EXPECT_EQ(decode_outcome_report(encode(report_with(full_usage()))), report_with(full_usage()));
    EXPECT_EQ(decode_outcome_report(encode(report_with({}))), report_with({}));
}

TEST(UsageWire, LeavesAloneWhatFits) {
    EXPECT_EQ(fitted(full_usage()), full_usage());
}

TEST(UsageWire, CutsTextsToTheirBounds) {
    const std::string endless(5000, 'x');
    Usage usage;
    usage.functions.resize(1);
    FunctionUse& function = usage.functions[0];
    function.driver = endless;
    function.blocks = {{endless, 1, {endless}, {{endless, endless}}, {endless}}};
    function.networks = {{endless, true, true, true, endless}};
    function.vfs = {{{}, endless}};
    usage.processes = {{1, endless, endless, endless, {}}};
    usage.unreadable = {endless};

    const std::string name(63, 'x');
    const std::string path(255, 'x');
    Usage expected;
    expected.functions.resize(1);
    FunctionUse& kept = expected.functions[0];
    kept.driver = name;
    kept.blocks = {{name, 1, {std::string(191, 'x')}, {{name, path}}, {name}}};
    kept.networks = {{name, true, true, true, name}};
    kept.vfs = {{{}, name}};
    expected.processes = {{1, name, path, path, {}}};
    expected.unreadable = {path};
    EXPECT_EQ(fitted(usage), expected);
    EXPECT_EQ(decode_outcome_report(encode(report_with(usage))), report_with(expected));
}

TEST(UsageWire, CountsWhatIsOverTheBoundOfAList) {
    Usage usage;
    usage.left_out = 1;
    usage.functions.resize(1);
    usage.functions[0].vfs.resize(600);
    usage.processes.resize(513);

    const Usage part = fitted(usage);

    EXPECT_EQ(part.functions[0].vfs.size(), 512U);
    EXPECT_EQ(part.processes.size(), 512U);
    EXPECT_EQ(part.left_out, 1U + 88U + 1U);
}

TEST(UsageWire, CountsEverythingOfAFunctionThatDoesNotFit) {
    Usage usage;
    usage.functions.resize(1025);
    usage.functions.back() = full_usage().functions[0];

    // The function, its disk, two holders, two mounts, one swap.
    EXPECT_EQ(fitted(usage).functions.size(), 1024U);
    EXPECT_EQ(fitted(usage).left_out, 7U);
}

TEST(UsageWire, FitsIntoADatagramHoweverMuchThereIs) {
    Usage usage = full_usage();
    usage.left_out = 0;
    usage.functions.resize(40);
    for (FunctionUse& function : usage.functions) {
        function.driver = std::string(63, 'd');
        function.blocks.resize(10);
        for (BlockUse& disk : function.blocks) {
            disk.mounts.assign(20, {"vda1", std::string(255, 'm')});
            disk.holders.assign(20, std::string(191, 'h'));
        }
    }
    usage.processes.resize(100);

    const Bytes datagram = encode(report_with(usage));
    const auto decoded = decode_outcome_report(datagram);

    EXPECT_LE(datagram.size(), 65536U);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->outcome.usage, fitted(usage));
    EXPECT_EQ(fitted(fitted(usage)), fitted(usage));
    std::size_t shown = 0;
    std::size_t all = 0;
    const auto count = [](const Usage& one) {
        std::size_t entries = one.functions.size() + one.processes.size();
        for (const FunctionUse& function : one.functions) {
            entries += function.networks.size() + function.vfs.size();
            for (const BlockUse& disk : function.blocks) {
                entries += 1 + disk.holders.size() + disk.mounts.size() + disk.swaps.size();
            }
        }
        return entries;
    };
    shown = count(*decoded->outcome.usage);
    all = count(usage);
    EXPECT_EQ(shown + decoded->outcome.usage->left_out, all);
}

TEST(UsageWire, RefusesEveryTruncation) {
    const Bytes whole = encode(report_with(full_usage()));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(decode_outcome_report(std::span(whole).first(length)).has_value()) << length;
    }
}

TEST(UsageWire, AcceptsNothingThatItWouldNotHaveWritten) {
    const Bytes whole = encode(report_with(full_usage()));
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const unsigned flipped : {0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U}) {
            Bytes mutated = whole;
            mutated[at] = static_cast<std::uint8_t>(whole[at] ^ flipped);
            if (const auto decoded = decode_outcome_report(mutated)) {
                EXPECT_EQ(encode(*decoded), mutated);
            }
        }
    }
}

// Lists that are each within their bounds, and together are not.
TEST(UsageWire, RefusesMoreThanAllBoundsTogether) {
    Usage usage;
    usage.unreadable.assign(249, std::string(255, 'u'));
    ASSERT_EQ(fitted(usage).left_out, 1U);
    ByteWriter out(70'000);
    put_usage(out, usage);
    Bytes bytes = out.take();
    const std::size_t count_at = 7 + 2 + 2 + 4;  // port, two empty lists, left_out
    ASSERT_EQ(bytes.at(count_at - 4), 1U);
    bytes.at(count_at - 4) = 0;
    bytes.at(count_at) = 249;
    bytes.push_back(255);
    bytes.push_back(0);
    bytes.insert(bytes.end(), 255, 'u');

    ByteReader in(bytes);
    (void)take_usage(in);

    EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace slotd::event
