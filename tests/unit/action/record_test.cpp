#include "action/record.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace slotd::action {
namespace {

// The compiler holds to_text() to the enumerators; this holds the list to to_text().
TEST(RecordKinds, AreAllListedInTheirOrder) {
    std::vector<RecordKind> named;
    for (int number = 0; number <= std::numeric_limits<std::uint8_t>::max(); ++number) {
        const auto kind = static_cast<RecordKind>(number);
        if (std::string_view(to_text(kind)) != "unknown") {
            named.push_back(kind);
        }
    }

    EXPECT_EQ(named, std::vector<RecordKind>(all_record_kinds().begin(), all_record_kinds().end()));
}

}  // namespace
}  // namespace slotd::action
