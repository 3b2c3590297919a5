#include "history/columns.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "history/stamp.hpp"
#include "pci/address.hpp"

namespace slotd::history {
namespace {

using namespace std::chrono_literals;

constexpr pci::Address kPort{0x10000, 0xe1, 0, 0};
const Stamp kStamp{-5, 1'234'567, "0b2a9e4e"};

const std::vector<Entry> kEntries{
    IncidentOpened{0xffff'0000'0000'0001U, kPort, "5", "AER fatal"},
    IncidentClosed{3, kPort, true, "recovered", false},
    AttemptReserved{kPort, {0, 0, 1, 0}, 3, 4'294'967'295U, "slot", true, ""},
    AttemptReserved{kPort, {0, 0, 1, 0}, 3, 1, "flr", false, "uid 0"},
    AttemptEnded{kPort, 3, 1, false, true, "timed out"},
    Held{kPort, 90min, "uid 0", "swap"},
    Held{kPort, {}, "uid 0", ""},
    Released{kPort, "uid 0", "done"},
    Quarantined{kPort, "5 attempts within 3600 s"},
    HistoryLost{"damaged"},
    IncidentClosed{3, kPort, false, "gave up", true},
};

Value& at(Columns& columns, Column column) {
    return columns[static_cast<std::size_t>(column)];
}

bool is_malformed(const Columns& columns) {
    const auto row = row_of(columns);
    return !row && row.error().kind == ErrorKind::Malformed;
}

TEST(Columns, GiveBackWhatWasPutIn) {
    for (const Entry& entry : kEntries) {
        const Row row{42, kStamp, entry};

        const auto again = row_of(columns_of(row));

        ASSERT_TRUE(again) << name_of(entry) << ": " << again.error().message();
        EXPECT_EQ(*again, row) << name_of(entry);
    }
}

TEST(Columns, CutLongTextBetweenCharacters) {
    const std::string long_text(kTextBytesMax - 1, 'x');
    const auto row =
        row_of(columns_of({1, kStamp, Quarantined{kPort, long_text + "\u00e4 and more"}}));

    ASSERT_TRUE(row);
    EXPECT_EQ(row->entry, Entry(Quarantined{kPort, long_text}));
}

TEST(Columns, RefuseAKindWithASurplusAMissingOrAWrongValue) {
    for (const Entry& entry : kEntries) {
        const Columns good = columns_of({1, kStamp, entry});
        for (std::size_t column = 0; column < kColumns; ++column) {
            const bool optional = (column == static_cast<std::size_t>(Column::LastsUs) &&
                                   std::holds_alternative<Held>(entry)) ||
                                  (column == static_cast<std::size_t>(Column::Ambiguous) &&
                                   std::holds_alternative<IncidentClosed>(entry));
            if (optional) {
                continue;  // with and without are both right
            }
            Columns bad = good;
            bad[column] = std::holds_alternative<std::monostate>(good[column])
                              ? Value(std::int64_t{1})
                              : Value();
            EXPECT_TRUE(is_malformed(bad)) << name_of(entry) << " " << kColumnNames[column];

            bad[column] = std::holds_alternative<std::string>(good[column]) ? Value(std::int64_t{1})
                                                                            : Value("1");
            EXPECT_TRUE(is_malformed(bad)) << name_of(entry) << " " << kColumnNames[column];
        }
    }
}

TEST(Columns, RefuseNumbersOutOfRange) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const auto with = [](const Entry& entry, Column column, const Value& value) {
        Columns columns = columns_of({1, kStamp, entry});
        at(columns, column) = value;
        return columns;
    };
    const Entry reserved = kEntries[2];

    EXPECT_TRUE(is_malformed(with(reserved, Column::Seq, std::int64_t{0})));
    EXPECT_TRUE(is_malformed(with(reserved, Column::Seq, std::int64_t{-1})));
    EXPECT_TRUE(is_malformed(with(reserved, Column::Seq, kMost)));
    EXPECT_TRUE(is_malformed(with(reserved, Column::Attempt, std::int64_t{-1})));
    EXPECT_TRUE(is_malformed(with(reserved, Column::Attempt, std::int64_t{0x1'0000'0000})));
    EXPECT_TRUE(is_malformed(with(reserved, Column::Automatic, std::int64_t{2})));
    EXPECT_TRUE(is_malformed(with(kEntries[5], Column::LastsUs, std::int64_t{-1})));
    EXPECT_TRUE(is_malformed(with(kEntries[5], Column::LastsUs, kMost)));
}

TEST(Columns, RefuseTextThatIsNotOurs) {
    const auto with = [](Column column, const std::string& text) {
        Columns columns = columns_of({1, kStamp, kEntries[2]});
        at(columns, column) = text;
        return columns;
    };

    EXPECT_TRUE(is_malformed(with(Column::Kind, "attempt-Reserved")));
    EXPECT_TRUE(is_malformed(with(Column::Port, "0000:3B:00.0")));
    EXPECT_TRUE(is_malformed(with(Column::Port, "")));
    EXPECT_TRUE(is_malformed(with(Column::Step, std::string(kTextBytesMax + 1, 'x'))));
    EXPECT_FALSE(is_malformed(with(Column::Step, std::string("\0\xff\n", 3)))) << "it is only text";
}

TEST(Checksum, ChangesWithEveryValueAndEveryByte) {
    const Columns good = columns_of({1, kStamp, kEntries[2]});
    for (std::size_t column = 0; column < kColumns; ++column) {
        Columns other = good;
        if (auto* const text = std::get_if<std::string>(&other[column]); text && !text->empty()) {
            text->back() = static_cast<char>(text->back() ^ 1);
        } else if (auto* const number = std::get_if<std::int64_t>(&other[column])) {
            *number ^= std::int64_t{1} << 40;
        } else {
            other[column] = std::int64_t{0};
        }
        EXPECT_NE(checksum(other), checksum(good)) << kColumnNames[column];
    }
}

// It stands in every file: another way to count would make every row look damaged.
TEST(Checksum, StaysTheSameForEver) {
    EXPECT_EQ(checksum(columns_of({1, {2, 3, "boot"}, Quarantined{{0, 1, 0, 0}, "spent"}})),
              std::int64_t{-1306092593399141009});
}

}  // namespace
}  // namespace slotd::history
