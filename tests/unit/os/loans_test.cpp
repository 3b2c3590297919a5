#include "os/loans.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {
namespace {

std::vector<UniqueFd> some(std::size_t count) {
    std::vector<UniqueFd> fds;
    while (fds.size() < count) {
        fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    return fds;
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Loans, AreHandedOverOnce) {
    Loans loans;
    ASSERT_TRUE(loans.put(1, some(2)));

    EXPECT_EQ(loans.take(2).size(), 0U);
    EXPECT_EQ(loans.take(1).size(), 2U);
    EXPECT_EQ(loans.take(1).size(), 0U);
}

TEST(Loans, AreClosedAtOnceWhenTheyAreGivenUp) {
    Loans loans;
    std::vector<UniqueFd> fds = some(1);
    const int fd = fds[0].get();
    ASSERT_TRUE(loans.put(1, std::move(fds)));
    ASSERT_TRUE(is_open(fd));

    loans.close(1);
    loans.close(1);

    EXPECT_FALSE(is_open(fd));
    EXPECT_EQ(loans.size(), 0U);
}

TEST(Loans, HaveBounds) {
    Loans loans;
    EXPECT_EQ(loans.put(1, {}).error().kind, ErrorKind::Malformed);
    EXPECT_EQ(loans.put(1, some(kPassedFdsMax + 1)).error().kind, ErrorKind::Malformed);
    for (std::uint64_t request = 1; request <= Loans::kLoansMax; ++request) {
        ASSERT_TRUE(loans.put(request, some(1)));
    }

    std::vector<UniqueFd> fds = some(1);
    const int fd = fds[0].get();
    EXPECT_EQ(loans.put(1, some(1)).error().kind, ErrorKind::Busy);
    EXPECT_EQ(loans.put(100, std::move(fds)).error().kind, ErrorKind::Overflow);
    EXPECT_FALSE(is_open(fd));
}

}  // namespace
}  // namespace slotd::os
