#include "os/driver_note.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slotd::os {
namespace {

TEST(DriverNotes, PutVfsThatAreAlikeTogether) {
    const std::vector<DriverNote> notes{{"nvme", ""}, {"nvme", ""}, {"vfio-pci", "vfio-pci"},
                                        {"nvme", ""}, {"", ""},     {"nvme", ""}};

    EXPECT_EQ(to_text(notes), "nvme|:0-1,3,5;vfio-pci|vfio-pci:2;|:4");
    EXPECT_EQ(parse_driver_notes(to_text(notes)), notes);
}

TEST(DriverNotes, CarryAsManyAsMayBeThere) {
    std::vector<DriverNote> notes(kVfsMax, DriverNote{"mlx5_core", ""});
    for (std::size_t index = 0; index < notes.size(); index += 2) {
        notes[index] = {"vfio-pci", "vfio-pci"};
    }

    EXPECT_LT(to_text(notes).size(), 2000U);
    EXPECT_EQ(parse_driver_notes(to_text(notes)), notes);
}

TEST(DriverNotes, AreNotReadFromAnythingElse) {
    for (const std::string_view text : {"",
                                        ":",
                                        "|",
                                        "|:",
                                        "nvme|",
                                        "nvme|:",
                                        "nvme|:1",
                                        "nvme|:0,0",
                                        "nvme|:0,2",
                                        "nvme|:1-0",
                                        "nvme|:0-256",
                                        "nvme|:0-",
                                        "nvme|:-1",
                                        "nvme|:0x1",
                                        "nvme|:0,",
                                        "nvme|:0;",
                                        "nvme:0",
                                        "nvme|:0;e1000e|:0",
                                        "a/b|:0",
                                        "nvme|:00",
                                        "nvme|:0-0",
                                        "nvme|:0,1",
                                        " nvme|:0",
                                        "nvme|:18446744073709551616",
                                        "nvme|:1,0",
                                        "vfio-pci|:1;nvme|:0"}) {
        EXPECT_EQ(parse_driver_notes(text), std::nullopt) << text;
    }
}

TEST(DriverNotes, HoldNamesOfAnyLengthUpToTheLimit) {
    const std::string longest(kDriverNameBytesMax, 'd');

    EXPECT_TRUE(is_driver_note(longest));
    EXPECT_TRUE(is_driver_note(""));
    EXPECT_TRUE(is_driver_note("Fancy NIC driver"));
    EXPECT_FALSE(is_driver_note(longest + "d"));
    for (const std::string_view name : {"a|b", "a:b", "a;b", "../x", "a\nb", "\x7f", " a", "a "}) {
        EXPECT_FALSE(is_driver_note(name)) << name;
    }
}

}  // namespace
}  // namespace slotd::os
