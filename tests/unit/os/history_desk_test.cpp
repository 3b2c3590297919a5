#include "os/history_desk.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <chrono>
#include <cstddef>
#include <future>
#include <optional>

#include "history/entry.hpp"
#include "os/history_database.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {
namespace {

using namespace std::chrono_literals;

HistoryJob job(history::Entry entry, std::optional<history::Ticket> ticket) {
    return {Noted{std::move(entry), {}}, ticket};
}

std::size_t jobs_of(HistoryDesk& desk) {
    return desk.next(1h, 1h).jobs.size();
}

struct HistoryDeskTest : testing::Test {
    HistoryDeskTest() { desk.opened({}); }

    HistoryDesk desk{UniqueFd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}, 16};
};

TEST_F(HistoryDeskTest, WhatMayBeLostGoesWithWhatIsWaitedFor) {
    desk.put(job(history::IncidentOpened{}, std::nullopt));
    auto taken = std::async(std::launch::async, [&] { return jobs_of(desk); });
    desk.put(job(history::AttemptReserved{}, history::Ticket{}));

    EXPECT_EQ(taken.get(), 2U);
}

TEST_F(HistoryDeskTest, WhatMustSurviveWaitsForNothing) {
    desk.put(job(history::Held{}, std::nullopt));

    EXPECT_EQ(jobs_of(desk), 1U);
}

TEST_F(HistoryDeskTest, WhatMayBeLostIsWrittenBeforeTheEnd) {
    desk.put(job(history::IncidentClosed{}, std::nullopt));
    auto taken = std::async(std::launch::async, [&] { return jobs_of(desk); });

    EXPECT_FALSE(desk.end(0s));
    EXPECT_EQ(taken.get(), 1U);
}

}  // namespace
}  // namespace slotd::os
