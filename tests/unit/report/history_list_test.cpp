#include "report/history_list.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "history/entry.hpp"
#include "pci/address.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"

namespace slotd::report {
namespace {

constexpr pci::Address kPort{0, 0, 2, 0};

std::string clock_of(std::int64_t realtime_us) {
    return "day " + std::to_string(realtime_us);
}

HistoryItems items(const std::vector<history::Entry>& entries) {
    HistoryItems all;
    for (const history::Entry& entry : entries) {
        all.items.push_back(item_of({1, {4, 0, ""}, entry}));
    }
    return all;
}

TEST(HistoryList, SaysWhatHappenedOldestFirst) {
    const HistoryItems all = items({
        history::IncidentOpened{0x6746f1e000030001, kPort, "5", "AER reported a fatal error"},
        history::AttemptReserved{kPort, kPort, 7, 1, "slot", true, ""},
        history::AttemptEnded{kPort, 7, 1, false, false, "another error"},
        history::AttemptReserved{kPort, kPort, 7, 2, "reenumerate", false, "uid 0 pid 1: \"x\""},
        history::AttemptEnded{kPort, 7, 2, false, true, "slotd-exec ended"},
        history::IncidentClosed{7, kPort, true, "verified", false},
        history::Held{kPort, std::chrono::minutes(90), "uid 0 pid 1: \"mine\"", "mine"},
        history::Held{kPort, {}, "uid 0 pid 1: \"mine\"", "mine"},
        history::Released{kPort, "uid 0 pid 1: \"done\"", "done"},
        history::Quarantined{kPort, "five attempts within an hour"},
        history::HistoryLost{"it was damaged"},
    });

    EXPECT_EQ(history_list(all, clock_of, {}),
              R"(day 4 0000:00:02.0 #6746f1e000030001 incident opened: AER reported a fatal error
day 4 0000:00:02.0 #0000000000000007 attempt 1, of slotd's own accord: slot
day 4 0000:00:02.0 #0000000000000007 attempt 1 ended, not well: another error
day 4 0000:00:02.0 #0000000000000007 attempt 2, asked for by uid 0 pid 1: "x": reenumerate
day 4 0000:00:02.0 #0000000000000007 attempt 2 ended, outcome unknown: slotd-exec ended
day 4 0000:00:02.0 #0000000000000007 incident closed, well: verified
day 4 0000:00:02.0 held for 90 min by uid 0 pid 1: "mine"
day 4 0000:00:02.0 held until released by uid 0 pid 1: "mine"
day 4 0000:00:02.0 released by uid 0 pid 1: "done"
day 4 0000:00:02.0 quarantined: five attempts within an hour
day 4 history-lost: it was damaged
)");
}

TEST(HistoryList, SaysWhenThereIsNothingAndWhenThereIsMore) {
    EXPECT_EQ(history_list({}, clock_of, {}), "the history has nothing of that\n");
    HistoryItems all = items({history::Quarantined{kPort, "x"}});
    all.more = true;
    EXPECT_EQ(history_list(all, clock_of, {}),
              "... older entries are left out\nday 4 0000:00:02.0 quarantined: x\n");
}

TEST(HistoryList, ContinuesLongLinesBelowThemselvesOnATerminal) {
    const HistoryItems all = items({history::Quarantined{
        kPort, "five attempts within an hour, the last of them " + std::string(40, 'x')}});

    EXPECT_EQ(history_list(all, clock_of, {.colour = false, .columns = 40}),
              "day 4 0000:00:02.0 quarantined: five\n"
              "      attempts within an hour, the last\n"
              "      of them\n"
              "      xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
              "      xxxxxx\n");
    EXPECT_EQ(history_list(all, clock_of, {}).find('\n'),
              history_list(all, clock_of, {}).size() - 1);
}

// A later slotd may have kinds that this build does not know.
TEST(HistoryList, ShowsKindsThatItDoesNotKnow) {
    HistoryItems all = items({history::Quarantined{kPort, "text"}});
    all.items[0].kind = "seen-from-afar";
    EXPECT_EQ(history_list(all, clock_of, {}), "day 4 0000:00:02.0 seen-from-afar: text\n");
}

TEST(HistoryList, NeverPassesControlCharactersOn) {
    HistoryItems all =
        items({history::Quarantined{kPort, "\x1b[2J\n"}, history::Held{kPort, {}, "\x1b[2J", ""},
               history::AttemptReserved{kPort, kPort, 7, 1, "\x1b[2J", false, "\x1b[2J"}});
    all.items[0].kind = "\x1b[2J";
    EXPECT_EQ(history_list(all, clock_of, {}).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace slotd::report
