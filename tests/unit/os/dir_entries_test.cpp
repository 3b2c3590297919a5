#include "os/dir_entries.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <set>
#include <string>

#include "os/sysfs_dir.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

// More than one call to the kernel gives at once.
TEST(DirEntries, AreAllNamesOnceAndAgainFromTheBeginning) {
    const fakes::TempDir dir;
    for (int number = 0; number < 2000; ++number) {
        dir.write("a_name_that_is_not_short_" + std::to_string(number), "");
    }
    const SysfsDir held = SysfsDir::open(dir.path()).value();

    for (int time = 0; time < 2; ++time) {
        DirEntries entries(held.fd());
        std::set<std::string> names;
        std::size_t count = 0;
        while (const char* const name = entries.next()) {
            names.insert(name);
            ++count;
        }
        EXPECT_EQ(count, 2000U);
        EXPECT_EQ(names.size(), 2000U);
        EXPECT_EQ(entries.error(), 0);
    }
}

TEST(DirEntries, SayWhyTheyEnd) {
    DirEntries entries(-1);

    EXPECT_EQ(entries.next(), nullptr);
    EXPECT_EQ(entries.error(), EBADF);
}

}  // namespace
}  // namespace slotd::os
