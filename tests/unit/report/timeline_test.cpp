#include "report/timeline.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "evidence/evidence.hpp"
#include "evidence/journal_line.hpp"
#include "pci/address.hpp"
#include "report/timeline_html.hpp"
#include "report/timeline_text.hpp"

namespace slotd::report {
namespace {

using namespace std::chrono_literals;
using action::RecordKind;
using evidence::JournalLine;

constexpr std::int64_t kWallUs = 1'764'172'800'000'000;  // 2025-11-26 16:00:00 UTC
constexpr pci::Address kPort{0, 0, 2, 0};
constexpr pci::Address kCard{0, 1, 0, 0};

JournalLine line(Duration at, RecordKind kind, std::string phase, std::string text,
                 evidence::Cause cause, std::uint64_t input) {
    JournalLine made;
    made.wall_us = kWallUs + std::chrono::duration_cast<std::chrono::microseconds>(at).count();
    made.boot = "b";
    made.run = "r";
    made.record.kind = kind;
    made.record.priority = action::Priority::Notice;
    made.record.port = kPort;
    made.record.slot = "1";
    made.record.incident = 0xab;
    made.record.phase = std::move(phase);
    made.record.text = std::move(text);
    made.evidence = evidence::Evidence{input, Instant(100s + at), std::move(cause), {}, 0};
    return made;
}

event::KernelEvent recovery(event::RecoveryReport report) {
    return event::RecoveryReported{kCard, report};
}

/// The kernel gives up, slotd turns the power off.
std::vector<JournalLine> lines() {
    const evidence::Cause began = recovery(event::RecoveryReport::Began);
    std::vector<JournalLine> made{
        line(0ms, RecordKind::IncidentOpened, "kernel-recovering", "incident opened: why", began,
             1),
        line(0ms, RecordKind::PhaseChanged, "kernel-recovering", "idle -> kernel-recovering", began,
             1),
        line(200ms, RecordKind::PhaseChanged, "resetting", "trying reenumerate",
             recovery(event::RecoveryReport::Failed), 2),
        line(600ms, RecordKind::PhaseChanged, "idle", "well",
             evidence::EffectEnded{action::SetSlotPower{kPort, false}, {}, 300ms}, 3),
        line(600ms, RecordKind::IncidentClosed, "idle", "incident closed after 0.6 s: recovered",
             evidence::EffectEnded{action::SetSlotPower{kPort, false}, {}, 300ms}, 3)};
    made[0].evidence->earlier = {
        {Instant(100s - 20ms),
         event::KernelEvent(event::ErrorReported{kCard, event::Severity::Fatal, 0x40000}), 1}};
    made[3].evidence->earlier = {
        {Instant(100s + 350ms),
         event::KernelEvent(event::HotplugSeen{kCard, event::HotplugKind::DriverUnbound}), 1},
        {Instant(100s + 400ms),
         event::KernelEvent(event::HotplugSeen{kCard, event::HotplugKind::Removed}), 1}};
    return made;
}

TEST(Timeline, PutsEveryFactIntoTheLaneOfWhoeverDidItOnce) {
    const Timeline timeline = make_timeline(lines());

    std::vector<std::string> told;
    for (const Happening& one : timeline.happenings) {
        told.push_back(seconds(one.at) + " " + to_text(one.lane) + " " + one.text);
    }
    EXPECT_EQ(
        told,
        (std::vector<std::string>{
            "0.000 AER fatal error", "0.020 AER BEGIN 01:00.0", "0.020 slotd incident opened",
            "0.020 slotd kernel-recovering", "0.220 AER FAILED 01:00.0", "0.220 slotd resetting",
            "0.370 owner driver off .0", "0.420 pciehp 01:00.0 removed", "0.620 slotd power off",
            "0.620 slotd idle", "0.620 slotd incident closed"}));
    EXPECT_EQ(timeline.incident, "00000000000000ab");
    EXPECT_EQ(timeline.port, "0000:00:02.0");
    EXPECT_EQ(timeline.began_us, kWallUs - 20'000);
    EXPECT_EQ(timeline.lasted, 620ms);
    EXPECT_EQ(timeline.outcome, "incident closed after 0.6 s: recovered");
    EXPECT_EQ(timeline.tone, Tone::Good);
    EXPECT_EQ(timeline.notes, std::vector<std::string>{});
}

TEST(Timeline, KnowsWhoIsAtWorkWhen) {
    const Timeline timeline = make_timeline(lines());

    ASSERT_NE(at_work(timeline, Lane::Aer, 100ms), nullptr);
    EXPECT_EQ(at_work(timeline, Lane::Aer, 220ms), nullptr);
    EXPECT_EQ(at_work(timeline, Lane::Pciehp, 300ms), nullptr);
    EXPECT_NE(at_work(timeline, Lane::Pciehp, 500ms), nullptr);
    EXPECT_NE(at_work(timeline, Lane::Owner, 500ms), nullptr);
    ASSERT_NE(at_work(timeline, Lane::Slotd, 300ms), nullptr);
    EXPECT_EQ(at_work(timeline, Lane::Slotd, 300ms)->detail, "resetting: trying reenumerate");
}

// The wall clock of the second boot was set back: its lines come later and are earlier.
TEST(Timeline, LetsSlotdDoOneThingAtATimeThoughTimeGoesBack) {
    const evidence::Cause cause = recovery(event::RecoveryReport::Began);
    const Timeline timeline =
        make_timeline({line(0ms, RecordKind::PhaseChanged, "verifying", "a", cause, 1),
                       line(10ms, RecordKind::PhaseChanged, "draining", "b", cause, 2),
                       line(5ms, RecordKind::PhaseChanged, "resetting", "c", cause, 3),
                       line(12ms, RecordKind::PhaseChanged, "idle", "d", cause, 4)});

    std::vector<std::string> told;
    for (const AtWork& one : timeline.at_work) {
        if (one.lane == Lane::Slotd) {
            told.push_back(seconds(one.from) + " " + seconds(one.until) + " " + one.detail);
        }
    }
    EXPECT_EQ(told,
              (std::vector<std::string>{"0.000 0.005 verifying: a", "0.005 0.010 resetting: c",
                                        "0.010 0.012 draining: b"}));
}

TEST(Timeline, OfAnOlderSlotdHasSlotdsLaneAndSaysWhatIsMissing) {
    std::vector<JournalLine> old = lines();
    for (JournalLine& one : old) {
        one.evidence.reset();
    }

    const Timeline timeline = make_timeline(old);

    EXPECT_EQ(timeline.happenings.size(), 5);
    EXPECT_EQ(timeline.began_us, kWallUs);
    ASSERT_EQ(timeline.notes.size(), 1);
    EXPECT_TRUE(timeline.notes.front().starts_with("These lines have no SLOTD_EVENT"));
}

TEST(TimelineText, DrawsLanesIn80ColumnsAndThenWhatWasSaid) {
    const std::string text = timeline_text(make_timeline(lines()), {}, {});

    EXPECT_EQ(text, R"(incident  00000000000000ab at slot 1, port 0000:00:02.0
began     2025-11-26 15:59:59.980 UTC, lasted 0.620 s
cause     incident opened: why
outcome   incident closed after 0.6 s: recovered

seconds   AER               pciehp            slotd                owner
  0.000 | fatal error
  0.020 | BEGIN 01:00.0                     |
        |                                   | incident opened
        |                                   | kernel-recovering
  0.220   FAILED 01:00.0                    |
                                            | resetting
  0.370                                     |                    | driver off .0
  0.420                   | 01:00.0 removed |                    |
  0.620                                       power off 300 ms
                                              idle
                                              incident closed

What slotd said:
  0.020  incident opened: why
  0.020  idle -> kernel-recovering
  0.220  trying reenumerate
  0.620  well
  0.620  incident closed after 0.6 s: recovered
)");
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        EXPECT_LE(end, 80) << rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
}

TEST(TimelineText, HasNoColourUnlessAsked) {
    const Timeline timeline = make_timeline(lines());

    EXPECT_EQ(timeline_text(timeline, {}, {}).find('\x1b'), std::string::npos);
    EXPECT_NE(
        timeline_text(timeline, {.colour = true, .columns = 80, .unicode = true}, {}).find("\x1b["),
        std::string::npos);
}

TEST(TimelineHtml, IsOnePageOfItsOwnAndEscapesWhateverTheJournalHeld) {
    std::vector<JournalLine> hostile = lines();
    for (JournalLine& one : hostile) {
        one.record.text = "<script>alert('\"&\x1b\xff')</script>";
        one.record.slot = "\"><img src=x>";
        one.record.phase = "</title><b>";
    }

    const std::string page = timeline_html(make_timeline(hostile), {});

    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find("<img"), std::string::npos);
    EXPECT_EQ(page.find("<b>"), std::string::npos);
    EXPECT_EQ(page.find('\x1b'), std::string::npos);
    EXPECT_NE(page.find("&lt;script&gt;alert(&#39;&quot;&amp;??&#39;)"), std::string::npos);
    EXPECT_NE(page.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(TimelineHtml, NeedsNothingFromOutside) {
    for (const char* const outside : {"http:", "https:", "src=", "href=", "@import", "url("}) {
        std::string rest = timeline_html(make_timeline(lines()), {});
        const std::string name = "http://www.w3.org/2000/svg";  // a name, nothing is fetched
        for (std::size_t at = rest.find(name); at != std::string::npos; at = rest.find(name)) {
            rest.erase(at, name.size());
        }
        EXPECT_EQ(rest.find(std::string("<") + outside), std::string::npos) << outside;
        EXPECT_EQ(rest.find(std::string(" ") + outside), std::string::npos) << outside;
    }
}

TEST(TimelineJson, IsOneLine) {
    const std::string text = timeline_json(make_timeline(lines()));

    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_TRUE(text.starts_with(R"({"at_work":[{"detail":"the kernel recovers","from_us":0,)"))
        << text;
}

TEST(WallClock, IsOfTheZoneThatIsGivenAndOfAnyNumber) {
    EXPECT_EQ(wall_clock(kWallUs + 123'999, 3600), "2025-11-26 17:00:00.123");
    EXPECT_EQ(wall_clock(0, 0), "1970-01-01 00:00:00.000");
    EXPECT_EQ(wall_clock(INT64_MIN, 0), "1970-01-01 00:00:00.000");
    EXPECT_EQ(wall_clock(INT64_MAX, 50'000), "9999-12-31 23:59:59.775");
}

}  // namespace
}  // namespace slotd::report
