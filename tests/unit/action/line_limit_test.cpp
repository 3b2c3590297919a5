#include "action/line_limit.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"
#include "pci/address.hpp"

namespace slotd::action {
namespace {

using namespace std::chrono_literals;

Record line(std::string text, std::uint64_t incident = 0) {
    Record record;
    record.priority = Priority::Warning;
    record.kind = RecordKind::EventsMissed;
    record.incident = incident;
    record.text = std::move(text);
    record.event = "{}";
    return record;
}

Record summary(std::uint64_t count, const std::string& text) {
    Record record = line(text);
    record.suppressed = count;
    record.event.clear();
    return record;
}

Instant at(Duration since) {
    return Instant(since);
}

using Records = std::vector<Record>;

struct LineLimitTest : testing::Test {
    LineLimit limit{{.lines = 2, .window = 60s, .kinds_max = 3}};
};

TEST_F(LineLimitTest, TheFirstFewGoOutTheRestIsCountedAndSaidWhenTheWindowHasEnded) {
    EXPECT_EQ(limit.admit(line("missed 1 uevent"), at(0s)), Records{line("missed 1 uevent")});
    EXPECT_EQ(limit.admit(line("missed 22 uevent"), at(1s)), Records{line("missed 22 uevent")});
    EXPECT_EQ(limit.admit(line("missed 3 uevent"), at(2s)), Records{});
    EXPECT_EQ(limit.admit(line("missed 4 uevent"), at(59s)), Records{});
    EXPECT_EQ(limit.due(at(59s)), Records{});

    EXPECT_EQ(limit.admit(line("missed 5 uevent"), at(61s)),
              (Records{summary(2,
                               "2 lines like this one were suppressed in the last 61 s: missed "
                               "4 uevent"),
                       line("missed 5 uevent")}));
}

TEST_F(LineLimitTest, WhoeverIsAwakeHearsOfItWithoutALine) {
    for (int count = 0; count < 3; ++count) {
        (void)limit.admit(line("same"), at(0s));
    }

    EXPECT_EQ(limit.due(at(60s)),
              Records{summary(1, "1 line like this one was suppressed in the last 60 s: same")});
    EXPECT_EQ(limit.due(at(999s)), Records{});
}

TEST_F(LineLimitTest, TheEndSaysAllThatIsUnsaid) {
    for (int count = 0; count < 5; ++count) {
        (void)limit.admit(line("same"), at(0s));
    }

    EXPECT_EQ(limit.finish(at(3s)),
              Records{summary(3, "3 lines like this one were suppressed in the last 3 s: same")});
    EXPECT_EQ(limit.finish(at(3s)), Records{});
}

TEST_F(LineLimitTest, AnotherIncidentPortKindPriorityPhaseOrTextIsAnotherLine) {
    for (int count = 0; count < 2; ++count) {
        (void)limit.admit(line("same", 1), at(0s));
    }
    Record other_port = line("same", 1);
    other_port.port = pci::Address{0, 0, 2, 0};
    Record other_kind = line("same", 1);
    other_kind.kind = RecordKind::GateProblem;
    Record other_priority = line("same", 1);
    other_priority.priority = Priority::Error;
    Record other_phase = line("same", 1);
    other_phase.phase = "idle";
    for (const Record& other : {line("same", 2), other_port, other_kind, other_priority,
                                other_phase, line("different", 1)}) {
        LineLimit copy = limit;
        EXPECT_EQ(copy.admit(other, at(1s)), Records{other});
    }
    EXPECT_EQ(limit.admit(line("same", 1), at(1s)), Records{});
}

TEST_F(LineLimitTest, CriticalLinesGoOutEveryTime) {
    Record critical = line("gone");
    critical.priority = Priority::Critical;
    for (int count = 0; count < 9; ++count) {
        EXPECT_EQ(limit.admit(critical, at(0s)), Records{critical});
    }
}

TEST_F(LineLimitTest, AtItsBoundTheOldestWindowEndsForTheNewLine) {
    for (int count = 0; count < 3; ++count) {
        (void)limit.admit(line("a"), at(0s));
    }
    (void)limit.admit(line("b"), at(1s));
    (void)limit.admit(line("c"), at(2s));

    EXPECT_EQ(
        limit.admit(line("d"), at(3s)),
        (Records{summary(1, "1 line like this one was suppressed in the last 3 s: a"), line("d")}));
}

}  // namespace
}  // namespace slotd::action
