#include "event/casebook.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"

namespace slotd::event {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kCard{0, 1, 0, 0};

RecoveryReported report(RecoveryReport what, pci::Address function = kCard) {
    return {function, what};
}

TEST(Casebook, KnowsWhatASlotCanDoOnceItWasLookedAt) {
    Casebook book;
    EXPECT_EQ(book.traits(kPort), std::nullopt);
    Observation seen;
    seen.port = kPort;
    book.seen(seen);
    EXPECT_EQ(book.traits(kPort), std::nullopt) << "a port without a slot";

    seen.slot_number = 5;
    seen.traits = {.hotplug = true, .surprise = true, .power_controller = false};
    book.seen(seen);

    EXPECT_EQ(book.traits(kPort), seen.traits);
}

// Kernel err.c: a function without error_detected is not announced, and FAILED all the same.
TEST(Casebook, AFailureThatNobodyAnnouncedIsADriverThatWasNotAsked) {
    Casebook book;

    book.heard(report(RecoveryReport::Failed), "virtio-pci");

    EXPECT_EQ(book.unasked(), (std::vector<UnaskedDriver>{{kCard, "virtio-pci"}}));
    EXPECT_EQ(book.recoveries(), (RecoveriesHeard{.failed = 1}));
}

TEST(Casebook, ADriverThatTookPartWasAskedHoweverItEnded) {
    Casebook book;

    book.heard(report(RecoveryReport::Began), "mlx5_core");
    book.heard(report(RecoveryReport::Failed), "mlx5_core");

    EXPECT_EQ(book.unasked(), std::vector<UnaskedDriver>{});
    EXPECT_EQ(book.recoveries(), (RecoveriesHeard{.began = 1, .failed = 1}));
}

TEST(Casebook, ALaterRecoveryThatIsAnnouncedOrSucceedsClearsTheDriver) {
    for (const RecoveryReport later : {RecoveryReport::Began, RecoveryReport::Succeeded}) {
        Casebook book;
        book.heard(report(RecoveryReport::Failed), "nvme");

        book.heard(report(later), "nvme");

        EXPECT_EQ(book.unasked(), std::vector<UnaskedDriver>{});
    }
}

// Kernels before the uevent fix announce no recovery that needs a reset.
TEST(Casebook, CountsSuccessesThatNobodyAnnounced) {
    Casebook book;

    book.heard(report(RecoveryReport::Succeeded), "nvme");
    book.heard(report(RecoveryReport::Began), "nvme");
    book.heard(report(RecoveryReport::Succeeded), "nvme");

    EXPECT_EQ(book.recoveries(), (RecoveriesHeard{.began = 1, .succeeded = 2, .unannounced = 1}));
}

TEST(Casebook, ForgetsNobodyAndTakesNoMoreThanItHasRoomFor) {
    Casebook book;
    for (std::size_t i = 0; i <= Casebook::kFunctionsMax; ++i) {
        const pci::Address function{static_cast<std::uint16_t>(i), 1, 0, 0};
        book.heard(report(RecoveryReport::Failed, function), "old");
    }

    book.heard(report(RecoveryReport::Failed, {0, 1, 0, 0}), "new");

    EXPECT_EQ(book.unasked().size(), Casebook::kFunctionsMax);
    EXPECT_EQ(book.unasked().front(), (UnaskedDriver{{0, 1, 0, 0}, "new"}));
}

}  // namespace
}  // namespace slotd::event
