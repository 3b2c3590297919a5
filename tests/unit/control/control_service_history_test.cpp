#include <gtest/gtest.h>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "control/answers.hpp"
#include "control/fault.hpp"
#include "control/history_reply.hpp"
#include "control/message.hpp"
#include "history/entry.hpp"
#include "history/query.hpp"
#include "pci/address.hpp"
#include "report/history_list.hpp"
#include "tests/unit/control/service_test.hpp"

namespace slotd::control {
namespace {

using ControlServiceHistory = ServiceTest;

constexpr pci::Address kPort{0, 0, 2, 0};

std::vector<history::Row> rows(std::size_t count) {
    std::vector<history::Row> all;
    for (std::size_t seq = 1; seq <= count; ++seq) {
        all.push_back({seq, {1000, 0, ""}, history::Quarantined{kPort, "spent"}});
    }
    return all;
}

HistoryReply reply_of(const std::vector<ReceivedReply>& all) {
    EXPECT_EQ(all.size(), 1U);
    const auto reply = all.empty() ? HistoryReply{} : decode_history(all[0].parameters);
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(HistoryReply{});
}

TEST_F(ControlServiceHistory, AsksForOneMoreThanWantedAndSaysWhetherThereIs) {
    call(AskHistory{"01:00.1", 7, 5, 2});
    EXPECT_TRUE(service_.waiting(kRoot));
    EXPECT_EQ(backend_.histories, (std::vector<HistoryRequested>{{1, {kPort, 7, 5, 3}}}));

    service_.answer(HistoryAnswer{1, rows(3)});

    const HistoryReply reply = reply_of(replies());
    EXPECT_EQ(reply.items, (std::vector{report::item_of(rows(3)[1]), report::item_of(rows(3)[2])}));
    EXPECT_TRUE(reply.more);
    EXPECT_FALSE(service_.waiting(kRoot));

    call(AskHistory{"", {}, {}, 3});
    service_.answer(HistoryAnswer{2, rows(3)});
    EXPECT_EQ(backend_.histories.back().query, (history::Query{{}, {}, {}, 4}));
    EXPECT_FALSE(reply_of(replies()).more);
}

TEST_F(ControlServiceHistory, IsKeptOfPortsThatAreGone) {
    call(AskHistory{"0000:77:00.0", {}, {}, 1});
    EXPECT_EQ(backend_.histories.at(0).query.port, (pci::Address{0, 0x77, 0, 0}));
    service_.answer(HistoryAnswer{1, rows(0)});
    EXPECT_EQ(reply_of(replies()), HistoryReply{});

    call(AskHistory{"77", {}, {}, 1});
    EXPECT_TRUE(std::holds_alternative<NoSuchSlot>(only_fault()));
    call(AskHistory{"11", {}, {}, 1});
    EXPECT_TRUE(std::holds_alternative<AmbiguousSlot>(only_fault()));
    EXPECT_EQ(backend_.histories.size(), 1U);
}

TEST_F(ControlServiceHistory, ThatCannotBeReadIsRefusedWithTheReason) {
    call(AskHistory{});
    const Error error{ErrorKind::Io, 0, "open history.db"};
    service_.answer(HistoryAnswer{1, std::unexpected(error)});

    EXPECT_EQ(only_fault(), Fault(Refused{"the history cannot be read now: " + error.message()}));
}

// A queue full of questions must not be what a reservation waits behind.
TEST_F(ControlServiceHistory, IsAskedForByOneAfterTheOther) {
    for (const ConnectionId id : {20, 21, 22}) {
        service_.opened(id, {1000, 1, {300}, ""});
        call(AskHistory{}, false, id);
    }
    EXPECT_EQ(backend_.histories.size(), 1U);
    service_.closed(20);  // its answer is still under way
    service_.closed(21);
    EXPECT_EQ(backend_.histories.size(), 1U);

    service_.answer(HistoryAnswer{3, rows(1)});  // nobody asked for that yet
    EXPECT_EQ(backend_.histories.size(), 1U);
    service_.answer(HistoryAnswer{1, rows(1)});
    EXPECT_EQ(backend_.histories.size(), 2U);
    EXPECT_EQ(backend_.histories.back().request, 3U);
    service_.answer(HistoryAnswer{3, rows(1)});

    EXPECT_EQ(reply_of(replies(22)).items.size(), 1U);
    EXPECT_TRUE(replies(20).empty());
}

TEST_F(ControlServiceHistory, MayBeAnsweredFromWithin) {
    backend_.on_history = [&](event::RequestId request) {
        service_.answer(HistoryAnswer{request, rows(1)});
    };
    call(AskHistory{});
    call(AskHistory{});

    EXPECT_EQ(replies().size(), 2U);
}

}  // namespace
}  // namespace slotd::control
