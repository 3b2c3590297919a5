#include "os/executor_client.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "action/effect_wire.hpp"
#include "base/bytes.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"

namespace slotd::os {
namespace {

pci::Address port(std::size_t number) {
    return {0, 1, static_cast<std::uint8_t>(number % 32), static_cast<std::uint8_t>(number / 32)};
}

/// slotd's side, and the socket that slotd-exec would have.
struct Looks : testing::Test {
    Looks() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        executor.reset(ends[1]);
        EXPECT_TRUE(client.adopt(UniqueFd{ends[0]}));
    }

    /// The ids that have come since the last call, in their order.
    std::vector<event::EffectId> asked() const {
        std::vector<event::EffectId> ids;
        std::array<std::uint8_t, 65536> bytes{};
        for (;;) {
            const ssize_t got = ::recv(executor.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (got <= 0) {
                return ids;
            }
            ids.push_back(
                action::decode_effect_request({bytes.data(), static_cast<std::size_t>(got)})->id);
        }
    }

    void answer(event::EffectId id, event::OutcomeKind kind) {
        const Bytes bytes = event::encode(event::OutcomeReport{id, {kind, 0, "", std::nullopt}});
        ASSERT_EQ(::send(executor.get(), bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
        client.readable();
    }

    void look_at_slots(std::size_t count) {
        for (std::size_t number = 0; number < count; ++number) {
            client.start(number + 1, action::ObserveSlot{port(number)});
        }
    }

    UniqueFd executor;
    std::map<event::EffectId, event::OutcomeKind> outcomes;
    ExecutorClient client{
        [this](event::EffectId id, const event::Outcome& outcome) { outcomes[id] = outcome.kind; },
        [](const std::string&) {}};
};

constexpr event::EffectId kGate = 1000;

// 256 slots were looked at at once after a loss of uevents; they took all 64 workers, and
// slotd-exec refused to hold pciehp back where the kernel began to recover a slot.
TEST_F(Looks, LeaveRoomForAGateHoweverManySlotsAreLookedAt) {
    look_at_slots(200);
    client.start(kGate, action::MaskHotplug{port(0)});

    const std::vector<event::EffectId> ids = asked();

    EXPECT_EQ(ids.size(), kLooksAtOnceMax + 1);
    EXPECT_EQ(ids.back(), kGate);
}

TEST_F(Looks, ComeOneAfterTheOtherAsOthersEndWedgedOnesToo) {
    look_at_slots(kLooksAtOnceMax + 2);
    (void)asked();

    answer(1, event::OutcomeKind::Done);
    EXPECT_EQ(asked(), std::vector<event::EffectId>{kLooksAtOnceMax + 1});
    answer(2, event::OutcomeKind::TimedOut);
    EXPECT_EQ(asked(), std::vector<event::EffectId>{kLooksAtOnceMax + 2});
    answer(3, event::OutcomeKind::Done);
    EXPECT_EQ(asked(), std::vector<event::EffectId>{});
}

TEST_F(Looks, AreAllAnsweredWhereSlotdExecEndsThoseThatWaitedToo) {
    look_at_slots(kLooksAtOnceMax + 2);

    executor.reset();
    client.readable();
    client.readable();

    EXPECT_EQ(outcomes.size(), kLooksAtOnceMax + 2);
    EXPECT_EQ(outcomes[kLooksAtOnceMax + 2], event::OutcomeKind::ExecutorLost);
    EXPECT_EQ(client.outstanding(), 0U);
}

}  // namespace
}  // namespace slotd::os
