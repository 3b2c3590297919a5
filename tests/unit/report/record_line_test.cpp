#include "report/record_line.hpp"

#include <gtest/gtest.h>

#include <string>

#include "action/record.hpp"
#include "pci/address.hpp"
#include "report/style.hpp"

namespace slotd::report {
namespace {

action::Record record() {
    action::Record one;
    one.port = pci::Address{0, 0, 2, 0};
    one.incident = 7;
    one.attempt = 1;
    one.phase = "resetting";
    one.text = "slot reset, because the kernel gave up";
    return one;
}

TEST(RecordLine, NamesSlotIncidentAttemptAndPhase) {
    EXPECT_EQ(record_line(record(), {}),
              "0000:00:02.0 #0000000000000007.1 resetting: slot reset, because the kernel gave up");
}

TEST(RecordLine, LeavesOutWhatIsNotThere) {
    action::Record one = record();
    one.attempt = 0;
    one.phase.clear();
    EXPECT_EQ(record_line(one, {}),
              "0000:00:02.0 #0000000000000007: slot reset, because the kernel gave up");
    one.port.reset();
    one.incident = 0;
    EXPECT_EQ(record_line(one, {}), "slot reset, because the kernel gave up");
}

TEST(RecordLine, NeverPassesControlCharactersOn) {
    action::Record one = record();
    one.phase = "\x1b[2J";
    one.text = "a\nb\x1b";

    EXPECT_EQ(record_line(one, {}), "0000:00:02.0 #0000000000000007.1 ?[2J: a?b?");
}

TEST(RecordLine, PaintsWhatIsBad) {
    action::Record one = record();
    one.priority = action::Priority::Error;

    EXPECT_TRUE(record_line(one, {.colour = true, .columns = 80}).contains("\x1b[1;31m"));
}

}  // namespace
}  // namespace slotd::report
