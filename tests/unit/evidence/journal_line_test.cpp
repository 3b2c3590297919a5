#include "evidence/journal_line.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "action/record.hpp"
#include "base/time.hpp"
#include "evidence/evidence.hpp"
#include "pci/address.hpp"

namespace slotd::evidence {
namespace {

using Fields = std::map<std::string, std::string>;

std::optional<JournalLine> read(const Fields& fields) {
    return journal_line(42, [&](const char* name) {
        const auto at = fields.find(name);
        return at == fields.end() ? std::nullopt : std::optional(at->second);
    });
}

Fields full() {
    return {{"MESSAGE", "resetting"},
            {"PRIORITY", "5"},
            {"SLOTD_KIND", "phase-changed"},
            {"SLOTD_PORT", "0000:00:02.0"},
            {"SLOTD_SLOT", "1"},
            {"SLOTD_INCIDENT", "00000000000000ab"},
            {"SLOTD_ATTEMPT", "2"},
            {"SLOTD_PHASE", "resetting"},
            {"SLOTD_SUPPRESSED", "3"},
            {"SLOTD_EVENT", R"({"v":1,"input":7,"at_us":1,"cause":{"type":"time"}})"},
            {"_BOOT_ID", "b"},
            {"_PID", "12"}};
}

TEST(JournalLine, BringsARecordBackWithWhatItFollowsFrom) {
    JournalLine expected;
    expected.wall_us = 42;
    expected.boot = "b";
    expected.run = "12";
    expected.record = {.priority = action::Priority::Notice,
                       .kind = action::RecordKind::PhaseChanged,
                       .port = pci::Address{0, 0, 2, 0},
                       .slot = "1",
                       .incident = 0xab,
                       .attempt = 2,
                       .phase = "resetting",
                       .text = "resetting",
                       .event = {},
                       .suppressed = 3};
    expected.evidence = Evidence{7, Instant(std::chrono::microseconds(1)), TimePassed{}, {}, 0};

    EXPECT_EQ(read(full()), expected);
}

TEST(JournalLine, NamesARunByItsInvocationWhereThereIsOne) {
    Fields fields = full();
    fields["_SYSTEMD_INVOCATION_ID"] = "i";

    EXPECT_EQ(read(fields)->run, "i");
}

TEST(JournalLine, OfSomebodyElseIsNone) {
    EXPECT_EQ(read({}), std::nullopt);
    EXPECT_EQ(read({{"MESSAGE", "x"}, {"SLOTD_KIND", "weather"}}), std::nullopt);
}

TEST(JournalLine, SaysWhyItsEvidenceCannotBeReadAndLeavesOtherFieldsEmpty) {
    Fields fields = full();
    fields["SLOTD_EVENT"] = R"({"v":2})";
    fields["SLOTD_PORT"] = "somewhere";
    fields["SLOTD_INCIDENT"] = "-1";
    fields["PRIORITY"] = "99";

    const JournalLine line = read(fields).value();

    EXPECT_EQ(line.problem, "failed to read SLOTD_EVENT: version 2: not supported");
    EXPECT_EQ(line.evidence, std::nullopt);
    EXPECT_EQ(line.record.port, std::nullopt);
    EXPECT_EQ(line.record.incident, 0);
    EXPECT_EQ(line.record.priority, action::Priority::Info);
}

}  // namespace
}  // namespace slotd::evidence
