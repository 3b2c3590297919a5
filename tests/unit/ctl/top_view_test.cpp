#include "daemon/ctl/top_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "report/line.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "tests/fakes/fake_backend.hpp"

namespace slotd::ctl {
namespace {

using report::Paint;

std::string text_of(const ScreenLine& shown) {
    return (shown.chosen ? "> " : "") + [&] {
        std::string text = report::text_of(shown.line, {});
        text.pop_back();
        return text;
    }();
}

std::vector<std::string> texts(const std::vector<ScreenLine>& screen) {
    std::vector<std::string> all;
    for (const ScreenLine& shown : screen) {
        all.push_back(text_of(shown));
    }
    return all;
}

control::RecordReply record(const std::string& text, std::uint64_t missed = 0) {
    control::RecordReply reply;
    reply.record.port = pci::Address{0, 0, 2, 0};
    reply.record.phase = "resetting";
    reply.record.priority = action::Priority::Error;
    reply.record.text = text;
    reply.missed = missed;
    return reply;
}

/// Ports with a slot name of their own, no cards.
std::vector<coordinator::SlotStatus> many(std::size_t count) {
    std::vector<coordinator::SlotStatus> slots(count);
    for (std::size_t at = 0; at < count; ++at) {
        slots[at].port = slots[at].root_port = {0, 0, static_cast<std::uint8_t>(at), 0};
        slots[at].path = {slots[at].port};
        slots[at].slot = std::to_string(at);
        slots[at].phase = "idle";
    }
    return slots;
}

/// The port that is chosen, as the screen shows it; "" for none.
std::string chosen(TopView& view, std::size_t rows = 24) {
    for (const ScreenLine& shown : view.screen(rows, 80)) {
        if (shown.chosen) {
            return shown.line.port->to_string();
        }
    }
    return "";
}

TEST(TopView, ShowsTheTreeAndTheNewestDecisionsBelowIt) {
    TopView view(false);
    view.slots_are(fakes::small_machine());
    for (int number = 1; number <= 9; ++number) {
        view.heard(record("step " + std::to_string(number)), "15:22:0" + std::to_string(number));
    }

    EXPECT_EQ(
        texts(view.screen(20, 80)),
        (std::vector<std::string>{
            "slotd: 5 slots, 4 idle, 1 kernel-recovering                       h help, q quit",
            "PORT                SLOT  PHASE              LEVEL      LEFT  LINK",
            "> 0000:00:02.0        5     idle               fence      off   8GT/s x1 (of x4)",
            "|- 0000:01:00.0     e1000e  8086:10d3",
            "`- 0000:01:00.1     no driver  8086:10d3",
            "0000:00:03.0        6     idle               exclusive  off   16GT/s x16",
            "`- 0000:02:00.0     switch  104c:8232",
            "   |- 0000:03:00.0  11    kernel-recovering  exclusive  off   down",
            "   |  |  incident 0000000000000007: AER reported a fatal error",
            "   |  |  closed: fence, pciehp of 0000:03:00.0",
            "   |  `- 0000:04:00.0  nvme  1b36:0010",
            "   `- 0000:03:01.0  11    idle               exclusive  off   empty",
            "0000:00:04.0        -     idle               observe    off   empty",
            "DECISIONS",
            "15:22:04 0000:00:02.0 resetting: step 4",
            "15:22:05 0000:00:02.0 resetting: step 5",
            "15:22:06 0000:00:02.0 resetting: step 6",
            "15:22:07 0000:00:02.0 resetting: step 7",
            "15:22:08 0000:00:02.0 resetting: step 8",
            "15:22:09 0000:00:02.0 resetting: step 9",
        }));
}

TEST(TopView, SaysThatRecordsWereMissed) {
    TopView view(false);
    view.heard(record("after", 17), "15:22:04");
    const auto shown = texts(view.screen(24, 80));

    EXPECT_EQ(shown[17], "15:22:04 ... 17 records missed");
    EXPECT_EQ(shown[18], "15:22:04 0000:00:02.0 resetting: after");
}

TEST(TopView, ChoosesASlotAndKeepsItOnTheScreen) {
    TopView view(false);
    view.slots_are(many(32));
    EXPECT_EQ(chosen(view), "0000:00:00.0");
    (void)view.pressed(Key::Up);
    EXPECT_EQ(chosen(view), "0000:00:00.0");
    (void)view.pressed(Key::Down);
    (void)view.pressed(Key::Down);
    EXPECT_EQ(chosen(view), "0000:00:02.0");
    (void)view.pressed(Key::End);
    EXPECT_EQ(chosen(view), "0000:00:1f.0");
    EXPECT_EQ(chosen(view, 12), "0000:00:1f.0");
    (void)view.pressed(Key::PageUp);
    EXPECT_LT(chosen(view, 12), "0000:00:1f.0");
    (void)view.pressed(Key::Home);
    EXPECT_EQ(chosen(view, 12), "0000:00:00.0");
    (void)view.pressed(Key::PageDown);
    EXPECT_GT(chosen(view, 12), "0000:00:00.0");
}

TEST(TopView, KeepsTheChoiceWhileTheMachineChanges) {
    TopView view(false);
    view.slots_are(many(8));
    (void)view.pressed(Key::End);
    view.slots_are(many(10));
    EXPECT_EQ(chosen(view), "0000:00:07.0");
    view.slots_are(many(3));
    EXPECT_EQ(chosen(view), "0000:00:00.0");
    view.slots_are({});
    EXPECT_EQ(chosen(view), "");
    EXPECT_EQ(texts(view.screen(24, 80))[2], "no PCIe port on this machine");
    (void)view.pressed(Key::Down);
    (void)view.pressed(Key::Enter);
    EXPECT_EQ(chosen(view), "");
}

TEST(TopView, ShowsEverythingAboutTheChosenSlotAndComesBack) {
    TopView view(false);
    view.slots_are(fakes::small_machine());
    (void)view.pressed(Key::Enter);
    EXPECT_EQ(texts(view.screen(24, 80))[1], "port       0000:00:02.0");

    view.slots_are({});
    EXPECT_EQ(texts(view.screen(24, 80))[1], "0000:00:02.0 is gone; Esc leads back");
    view.slots_are(fakes::small_machine());
    (void)view.pressed(Key::Back);
    EXPECT_EQ(chosen(view), "0000:00:02.0");
}

TEST(TopView, ScrollsAPageThatIsLongerThanTheScreenToItsEndAndNotBeyond) {
    TopView view(false);
    view.slots_are(fakes::small_machine());
    (void)view.pressed(Key::Help);
    const auto first = texts(view.screen(6, 80));
    (void)view.pressed(Key::End);
    const auto last = texts(view.screen(6, 80));
    EXPECT_NE(first, last);
    EXPECT_TRUE(last.back().contains("waits for a person")) << last.back();
    (void)view.pressed(Key::Down);
    EXPECT_EQ(texts(view.screen(6, 80)), last);
    (void)view.pressed(Key::Home);
    EXPECT_EQ(texts(view.screen(6, 80)), first);
    (void)view.pressed(Key::Help);
    EXPECT_EQ(chosen(view), "0000:00:02.0");
}

TEST(TopView, SaysThatSlotdIsGone) {
    TopView view(false);
    view.slots_are(many(2));
    view.trouble_is("slotd is gone, waiting");
    const auto screen = view.screen(24, 80);
    EXPECT_TRUE(text_of(screen[0]).starts_with("slotd is gone, waiting"));
    EXPECT_EQ(screen[0].line.spans[0].paint, Paint::Alarm);
    view.trouble_is("");
    EXPECT_TRUE(text_of(view.screen(24, 80)[0]).starts_with("slotd: 2 slots, 2 idle"));
}

TEST(TopView, FillsAScreenOfAnySizeAndNoMore) {
    TopView view(true);
    view.slots_are(fakes::small_machine());
    view.heard(record(std::string(300, 'x')), "15:22:04");
    for (const Key page : {Key::Other, Key::Enter, Key::Help}) {
        (void)view.pressed(page);
        for (std::size_t rows = 0; rows < 40; ++rows) {
            for (const std::size_t columns : {1U, 10U, 80U, 200U}) {
                const auto screen = view.screen(rows, columns);
                ASSERT_EQ(screen.size(), rows);
                for (const ScreenLine& shown : screen) {
                    std::size_t wide = 0;
                    for (const report::Span& span : shown.line.spans) {
                        wide += report::columns(span.text);
                    }
                    ASSERT_LE(wide, columns);
                }
            }
        }
        (void)view.pressed(Key::Back);
    }
}

TEST(TopView, ForgetsDecisionsThatAreTooMany) {
    TopView view(false);
    for (std::size_t number = 0; number < 3 * TopView::kRecordsMax; ++number) {
        view.heard(record(std::to_string(number)), "15:22:04");
    }
    const auto screen = texts(view.screen(2000, 80));
    EXPECT_EQ(
        std::ranges::count_if(screen, [](const auto& line) { return line.contains("resetting"); }),
        TopView::kRecordsMax);
}

TEST(TopView, WishesToQuitAndToAskAgain) {
    TopView view(false);
    EXPECT_EQ(view.pressed(Key::Quit), TopView::Wish::Quit);
    EXPECT_EQ(view.pressed(Key::Refresh), TopView::Wish::Refresh);
    EXPECT_EQ(view.pressed(Key::Other), TopView::Wish::Nothing);
}

}  // namespace
}  // namespace slotd::ctl
