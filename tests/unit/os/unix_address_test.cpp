#include "os/unix_address.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/result.hpp"
#include "event/outcome.hpp"
#include "os/executor_client.hpp"

namespace slotd::os {
namespace {

TEST(UnixAddress, HoldsUpToOneHundredAndSevenBytes) {
    const std::string longest(107, 'x');

    EXPECT_EQ(std::string(unix_address(longest)->sun_path), longest);
    EXPECT_EQ(unix_address(longest + "x").error().kind, ErrorKind::Malformed);
    EXPECT_EQ(unix_address("").error().kind, ErrorKind::Malformed);
}

TEST(ExecutorClient, SaysWhereNoExecutorListens) {
    ExecutorClient client([](event::EffectId, const event::Outcome&) {}, [](const std::string&) {});

    const Status connected = client.connect("/nowhere/slotd-exec.socket");

    EXPECT_EQ(connected.error().message(),
              "failed to connect to /nowhere/slotd-exec.socket: No such file or "
              "directory");
    EXPECT_FALSE(client.connected());
}

}  // namespace
}  // namespace slotd::os
