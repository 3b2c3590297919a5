#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "control/control_service.hpp"
#include "control/fault.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
#include "tests/unit/control/service_test.hpp"

namespace slotd::control {
namespace {

/// Descriptors that count themselves as long as they are open.
class CountedLoan final : public Loan {
public:
    CountedLoan(std::size_t& open, std::size_t count, bool whole)
        : open_(open),
          count_(count),
          whole_(whole) {
        open_ += count_;
    }

    ~CountedLoan() override { open_ -= count_; }

    std::size_t count() const override { return count_; }

    bool whole() const override { return whole_; }

private:
    std::size_t& open_;
    std::size_t count_;
    bool whole_;
};

class ControlServiceLoans : public ServiceTest {
protected:
    ~ControlServiceLoans() override {
        backend_.lent.clear();
        service_.closed(kRoot);
        EXPECT_EQ(open_, 0U) << "a descriptor is left over";
    }

    std::unique_ptr<Loan> loan(std::size_t count = 1, bool whole = true) {
        return std::make_unique<CountedLoan>(open_, count, whole);
    }

    static std::string lending() {
        ResetTarget target = reset(false);
        target.method = event::ResetMethod::Vfio;
        target.lend = true;
        return encode_call(target, false);
    }

    static std::string other() { return encode_call(GetVersion{}, false); }

    std::size_t open_ = 0;
};

TEST_F(ControlServiceLoans, GoToTheBackendWithTheCallThatLends) {
    (void)service_.received(kRoot, lending(), loan(3));

    EXPECT_EQ(reset_states(), std::vector{ResetState::Accepted});
    ASSERT_EQ(backend_.lent.size(), 1U);
    EXPECT_EQ(backend_.lent[0]->count(), 3U);
    EXPECT_TRUE(backend_.submitted.at(0).lent);
    EXPECT_EQ(open_, 3U);
}

TEST_F(ControlServiceLoans, AreClosedWithAnyOtherCall) {
    (void)service_.received(kRoot, other(), loan());
    EXPECT_EQ(open_, 0U);
    (void)service_.received(kRoot, encode_call(reset(false), false), loan());
    EXPECT_EQ(open_, 0U);
    EXPECT_FALSE(backend_.submitted.at(0).lent);
    EXPECT_TRUE(backend_.lent.empty());
}

// In one piece of the stream there may be bytes of several calls; the descriptors are for the one
// that the last byte belongs to, whether that call is complete or not.
TEST_F(ControlServiceLoans, BelongToTheCallOfTheirLastByte) {
    (void)service_.received(kRoot, other() + lending(), loan());
    EXPECT_EQ(backend_.lent.size(), 1U);
    EXPECT_EQ(replies().size(), 2U);

    (void)service_.received(kRoot, lending() + other(), loan());
    EXPECT_EQ(backend_.lent.size(), 1U);
    EXPECT_EQ(replies().front().fault, Fault(InvalidParameter{"lend"}));
    EXPECT_EQ(open_, 1U);  // those of the first

    (void)service_.received(kRoot, other() + lending().substr(0, 1), loan());
    EXPECT_EQ(open_, 2U);
    (void)service_.received(kRoot, lending().substr(1));
    EXPECT_EQ(backend_.lent.size(), 2U);
}

TEST_F(ControlServiceLoans, BelongToTheRightCallAtEveryCut) {
    const std::string before = other();
    const std::string bytes = before + lending() + other();
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        backend_.lent.clear();
        (void)service_.received(kRoot, bytes.substr(0, cut), loan());
        (void)service_.received(kRoot, bytes.substr(cut));
        const bool its_own = cut > before.size() && cut <= before.size() + lending().size();
        EXPECT_EQ(backend_.lent.size(), its_own ? 1U : 0U) << cut;
        EXPECT_EQ(open_, backend_.lent.size()) << cut;
    }
}

TEST_F(ControlServiceLoans, ACallThatLendsNothingOrTwiceIsWrong) {
    (void)service_.received(kRoot, lending());
    EXPECT_EQ(only_fault(), Fault(InvalidParameter{"lend"}));
    (void)service_.received(kRoot, lending(), loan(0));
    EXPECT_EQ(only_fault(), Fault(InvalidParameter{"lend"}));
    (void)service_.received(kRoot, lending().substr(0, 5), loan());
    (void)service_.received(kRoot, lending().substr(5), loan());
    EXPECT_EQ(only_fault(), Fault(InvalidParameter{"lend"}));
    EXPECT_TRUE(backend_.submitted.empty());
    EXPECT_EQ(open_, 0U);
}

// A group of which one device is missing would be reset under its feet.
TEST_F(ControlServiceLoans, APartOfThemIsRefused) {
    (void)service_.received(kRoot, lending(), loan(2, false));

    EXPECT_TRUE(std::holds_alternative<Refused>(only_fault()));
    EXPECT_TRUE(backend_.submitted.empty());
    EXPECT_EQ(open_, 0U);
}

TEST_F(ControlServiceLoans, AreClosedWithACallThatIsWrong) {
    std::string wrong = lending();
    wrong.replace(wrong.find("0000:01:00.0"), 12, "no-such-slot");
    (void)service_.received(kRoot, wrong, loan());
    EXPECT_TRUE(std::holds_alternative<NoSuchSlot>(only_fault()));
    EXPECT_EQ(open_, 0U);

    std::string malformed("{\0", 2);
    (void)service_.received(kRoot, malformed, loan());
    EXPECT_TRUE(sink_.hung_up.contains(kRoot));
    EXPECT_EQ(open_, 0U);
    (void)service_.received(kRoot, other(), loan());
    EXPECT_EQ(open_, 0U);
}

TEST_F(ControlServiceLoans, AreClosedWhenTheConnectionEnds) {
    (void)service_.received(kRoot, lending().substr(0, 5), loan());
    EXPECT_EQ(open_, 1U);
    service_.closed(kRoot);
    EXPECT_EQ(open_, 0U);
}

TEST_F(ControlServiceLoans, AreAtMost64ForOneConnection) {
    (void)service_.received(kRoot, "{", loan(64));
    EXPECT_EQ(open_, 64U);
    EXPECT_FALSE(sink_.hung_up.contains(kRoot));

    (void)service_.received(kRoot, " ", loan(1));

    EXPECT_TRUE(sink_.hung_up.contains(kRoot));
    EXPECT_TRUE(std::holds_alternative<MalformedMessage>(only_fault()));
    EXPECT_EQ(open_, 0U);
}

TEST_F(ControlServiceLoans, AreClosedAtOnceFromWhoMayNotLend) {
    service_.opened(20, {1000, 1, {300}, ""});
    (void)service_.received(20, "{", loan(64));
    EXPECT_EQ(open_, 0U);
    (void)service_.received(20, " ", loan(64));
    EXPECT_FALSE(sink_.hung_up.contains(20));
    EXPECT_EQ(open_, 0U);
}

TEST_F(ControlServiceLoans, WaitBehindACallThatWaits) {
    call(reset(true), true);
    (void)service_.received(kRoot, lending(), loan());
    EXPECT_EQ(open_, 1U);
    service_.answer(Answer{1, true, "recovered", ""});
    (void)service_.received(kRoot, "");

    EXPECT_EQ(backend_.lent.size(), 1U);
}

}  // namespace
}  // namespace slotd::control
