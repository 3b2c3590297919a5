#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
#include "os/lent_descriptors.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/control_world.hpp"

namespace slotd {
namespace {

using fakes::ControlWorld;
using fakes::RawClient;
using testing::HasSubstr;
using testing::Optional;

std::string lending() {
    control::ResetTarget target;
    target.target = "5";
    target.method = event::ResetMethod::Vfio;
    target.reason = "x";
    target.lend = true;
    return control::encode_call(target, false);
}

std::string version() {
    return control::encode_call(control::GetVersion{}, false);
}

/// A pipe whose writing end is lent: when every copy is closed, reading ends.
class Lent {
public:
    Lent() {
        std::array<int, 2> ends{};
        SLOTD_ASSERT(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        reading_.reset(ends[0]);
        writing_.reset(ends[1]);
    }

    int fd() const { return writing_.get(); }

    /// Ours goes; slotd's, if it has one, stays.
    void let_go() { writing_.reset(); }

    bool closed() const {
        pollfd one{reading_.get(), POLLIN, 0};
        return ::poll(&one, 1, 0) == 1 && (one.revents & POLLHUP) != 0;
    }

private:
    os::UniqueFd reading_;
    os::UniqueFd writing_;
};

TEST(ControlLoans, ReachTheBackendInOrderAndCloseOnExec) {
    ControlWorld world;
    RawClient client(world);
    Lent first;
    Lent second;

    ASSERT_TRUE(client.write_with(lending(), {first.fd(), second.fd()}));
    EXPECT_THAT(client.read(), Optional(HasSubstr("accepted")));

    ASSERT_EQ(world.backend.lent.size(), 1U);
    auto* const lent = dynamic_cast<os::LentDescriptors*>(world.backend.lent[0].get());
    ASSERT_NE(lent, nullptr);
    auto descriptors = lent->take();
    ASSERT_EQ(descriptors.size(), 2U);
    for (const os::UniqueFd& one : descriptors) {
        EXPECT_EQ(::fcntl(one.get(), F_GETFD), FD_CLOEXEC);
    }
    first.let_go();
    second.let_go();
    EXPECT_FALSE(first.closed());
    descriptors.erase(descriptors.begin());
    EXPECT_TRUE(first.closed());
    EXPECT_FALSE(second.closed());
}

TEST(ControlLoans, AreClosedWithEveryOtherCall) {
    ControlWorld world;
    RawClient client(world);
    Lent lent;

    ASSERT_TRUE(client.write_with(version(), {lent.fd()}));
    lent.let_go();

    EXPECT_TRUE(client.read().has_value());
    EXPECT_TRUE(lent.closed());
}

// What the kernel reports in one piece with the descriptors may begin with older calls.
TEST(ControlLoans, StayWithTheirCallWhenOthersAreInTheSameRead) {
    ControlWorld world;
    RawClient client(world);
    Lent lent;
    Lent stray;

    ASSERT_TRUE(client.write_some(version()));
    ASSERT_TRUE(client.write_with(lending(), {lent.fd()}));
    ASSERT_TRUE(client.write_some(version()));
    ASSERT_TRUE(client.write_with(version(), {stray.fd()}));
    stray.let_go();

    EXPECT_THAT(client.read(), Optional(HasSubstr("9.9")));
    EXPECT_THAT(client.read(), Optional(HasSubstr("accepted")));
    EXPECT_THAT(client.read(), Optional(HasSubstr("9.9")));
    EXPECT_THAT(client.read(), Optional(HasSubstr("9.9")));
    EXPECT_EQ(world.backend.lent.size(), 1U);
    EXPECT_TRUE(stray.closed());
}

TEST(ControlLoans, AreClosedWhenTheClientGoesInTheMiddleOfTheCall) {
    ControlWorld world;
    Lent lent;
    {
        RawClient client(world);
        ASSERT_TRUE(client.write_with(lending().substr(0, 10), {lent.fd()}));
        lent.let_go();
        ASSERT_TRUE(world.pump_until([&] { return world.service.connections() == 1; }));
        EXPECT_FALSE(lent.closed());
    }
    EXPECT_TRUE(world.pump_until([&] { return lent.closed(); }));
    EXPECT_TRUE(world.backend.lent.empty());
}

TEST(ControlLoans, AreClosedWhenTheDaemonHangsUp) {
    ControlWorld world;
    RawClient client(world);
    Lent lent;
    Lent late;

    ASSERT_TRUE(client.write_with(std::string("{\0", 2), {lent.fd()}));
    lent.let_go();
    EXPECT_THAT(client.read(), Optional(HasSubstr("MalformedMessage")));
    EXPECT_TRUE(lent.closed());

    // It reads on for a while, so that the client can read why; what comes then is closed as well.
    if (client.write_with(lending(), {late.fd()})) {
        late.let_go();
        EXPECT_TRUE(world.pump_until([&] { return late.closed(); }));
    }
    EXPECT_TRUE(world.backend.lent.empty());
}

TEST(ControlLoans, MoreThan64EndTheConnection) {
    ControlWorld world;
    Lent lent;
    RawClient modest(world);
    ASSERT_TRUE(modest.write_with(lending(), std::vector<int>(64, lent.fd())));
    EXPECT_THAT(modest.read(), Optional(HasSubstr("accepted")));
    world.backend.lent.clear();

    for (const std::size_t count : {65U, 253U}) {
        RawClient greedy(world);
        ASSERT_TRUE(greedy.write_with(lending(), std::vector<int>(count, lent.fd())));
        EXPECT_THAT(greedy.read(), Optional(HasSubstr("more than 64 descriptors")));
        EXPECT_TRUE(greedy.read_end());
    }
    lent.let_go();
    EXPECT_TRUE(lent.closed());
    EXPECT_EQ(world.backend.submitted.size(), 1U);
}

}  // namespace
}  // namespace slotd
