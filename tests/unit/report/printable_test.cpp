#include "report/printable.hpp"

#include <gtest/gtest.h>

#include <string>

namespace slotd::report {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesTextAlone) {
    EXPECT_EQ(printable("Slot 5 (links/größer) → 完"), "Slot 5 (links/größer) → 完");
}

// Each would move, colour, hide or reorder what an operator sees.
TEST(Printable, ReplacesControlCharacters) {
    EXPECT_EQ(printable("\x1b[2J\a\b\r\n\t\x7f\v\0"s), "?[2J????????"s);
    EXPECT_EQ(printable("a\xc2\x9b"
                        "b"),
              "a?b");  // C1 CSI
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b"),
              "a?b");  // right-to-left override
    EXPECT_EQ(printable("a\xe2\x80\xa8"
                        "b"),
              "a?b");  // line separator
}

TEST(Printable, ReplacesEachByteThatIsNotUtf8) {
    EXPECT_EQ(printable("\xff"), "?");
    EXPECT_EQ(printable("\xc0\xaf"), "??");            // overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "???");       // surrogate
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????");  // above U+10FFFF
    EXPECT_EQ(printable("\xe2\x82"), "??");            // cut off
}

TEST(Printable, FitsColumnsByCodePoints) {
    EXPECT_EQ(columns("größe"), 5U);
    EXPECT_EQ(fitted("größe", 7), "größe  ");
    EXPECT_EQ(fitted("größe", 4), "grö~");
    EXPECT_EQ(cut("größe", 5), "größe");
    EXPECT_EQ(cut("größe", 1), "~");
    EXPECT_EQ(cut("größe", 0), "größe");
    EXPECT_EQ(fitted("", 2), "  ");
}

}  // namespace
}  // namespace slotd::report
