#include "os/journal_text.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "action/record.hpp"
#include "pci/address.hpp"

namespace slotd::os {
namespace {

using action::Priority;
using action::Record;
using action::RecordKind;

Record full_record() {
    return Record{.priority = Priority::Notice,
                  .kind = RecordKind::PhaseChanged,
                  .port = pci::Address{0, 0, 2, 0},
                  .slot = "1",
                  .incident = 0xab,
                  .attempt = 2,
                  .phase = "resetting",
                  .text = "resetting the slot: the kernel gave up",
                  .event = R"({"v":1})",
                  .suppressed = 3};
}

Record bare_record(const std::string& text) {
    return Record{.priority = Priority::Error,
                  .kind = RecordKind::EventsMissed,
                  .port = {},
                  .slot = {},
                  .incident = 0,
                  .attempt = 0,
                  .phase = {},
                  .text = text,
                  .event = {},
                  .suppressed = 0};
}

TEST(JournalText, GivesJournaldAFieldForEachFact) {
    EXPECT_EQ(journal_datagram(full_record()),
              "MESSAGE=resetting the slot: the kernel gave up\n"
              "PRIORITY=5\n"
              "MESSAGE_ID=2b0b39dadb754c4294143acc0fb31f73\n"
              "SYSLOG_IDENTIFIER=slotd\n"
              "SLOTD_KIND=phase-changed\n"
              "SLOTD_PORT=0000:00:02.0\n"
              "SLOTD_SLOT=1\n"
              "SLOTD_INCIDENT=00000000000000ab\n"
              "SLOTD_ATTEMPT=2\n"
              "SLOTD_PHASE=resetting\n"
              "SLOTD_SUPPRESSED=3\n"
              "SLOTD_EVENT={\"v\":1}\n");
}

TEST(JournalText, LeavesOutFieldsThatHaveNoValue) {
    EXPECT_EQ(journal_datagram(bare_record("12 uevents missed")),
              "MESSAGE=12 uevents missed\n"
              "PRIORITY=3\n"
              "MESSAGE_ID=38c1e6a910a642939a0279bab6086b9c\n"
              "SYSLOG_IDENTIFIER=slotd\n"
              "SLOTD_KIND=events-missed\n");
}

// Otherwise a text could bring fields of its own: "x\nPRIORITY=0".
TEST(JournalText, GivesTheLengthOfAValueOfSeveralLines) {
    const std::string datagram = journal_datagram(bare_record("one\nPRIORITY=0"));

    EXPECT_TRUE(datagram.starts_with(
        std::string("MESSAGE\n\x0e\0\0\0\0\0\0\0one\nPRIORITY=0\nPRIORITY=3\n", 42)))
        << datagram;
}

TEST(JournalText, KeepsTextBelowItsLimit) {
    const std::string datagram = journal_datagram(bare_record(std::string(100'000, 'x')));

    EXPECT_TRUE(datagram.starts_with("MESSAGE=" + std::string(kRecordTextBytesMax, 'x') + "\n"));
}

TEST(JournalText, WritesOneLineForAPerson) {
    EXPECT_EQ(stderr_line(full_record()),
              "<5>0000:00:02.0 (slot 1) [incident 00000000000000ab attempt 2] "
              "resetting the slot: the kernel gave up\n");
}

TEST(JournalText, WritesNothingAboutWhatIsNot) {
    Record record = full_record();
    record.attempt = 0;
    EXPECT_EQ(stderr_line(record),
              "<5>0000:00:02.0 (slot 1) [incident 00000000000000ab] "
              "resetting the slot: the kernel gave up\n");
    EXPECT_EQ(stderr_line(bare_record("12 uevents missed")), "<3>12 uevents missed\n");
}

TEST(JournalText, KeepsALineOneLineWhateverTheTextHolds) {
    EXPECT_EQ(stderr_line(bare_record(std::string("a\n<0>b\r\x1b[2J\0c\x7f", 14))),
              "<3>a <0>b  [2J c \n");
}

TEST(JournalText, CutsALineAtTheSizeThatAPipeTakesWhole) {
    const std::string line = stderr_line(bare_record(std::string(10'000, 'x')));

    EXPECT_EQ(line.size(), kStderrLineBytesMax);
    EXPECT_EQ(line.back(), '\n');
}

TEST(JournalText, HasAnIdOfItsOwnForEachKind) {
    std::set<std::string_view> ids;
    int kinds = 0;
    for (int number = 0;
         action::to_text(static_cast<RecordKind>(number)) != std::string_view("unknown");
         ++number, ++kinds) {
        const std::string_view id = message_id(static_cast<RecordKind>(number));
        EXPECT_EQ(id.size(), 32U);
        EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string_view::npos);
        ids.insert(id);
    }
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(kinds));
}

TEST(JournalText, CountsDroppedLinesInWords) {
    EXPECT_EQ(stderr_line(dropped_lines(1)),
              "<4>1 line of slotd could not be written here and is lost\n");
    EXPECT_EQ(stderr_line(dropped_lines(7)),
              "<4>7 lines of slotd could not be written here and are lost\n");
}

}  // namespace
}  // namespace slotd::os
