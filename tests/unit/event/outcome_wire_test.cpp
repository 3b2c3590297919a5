#include "event/outcome_wire.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/service.hpp"

namespace slotd::event {
namespace {

Observation full_observation() {
    Observation seen;
    seen.port = {0, 0, 0x1c, 0};
    seen.port_answers = true;
    seen.card_present = true;
    seen.link_active = false;
    seen.slot_number = 5;
    seen.link_width = 4;
    seen.link_width_max = 16;
    seen.link_speed_max = 5;
    seen.link_speed = 3;
    seen.presence_latched = true;
    seen.link_change_latched = true;
    seen.fenced = true;
    seen.hotplug_masked = true;
    seen.traits = {.hotplug = true, .surprise = false, .power_controller = true};
    seen.bound = {pci::Service::Aer, pci::Service::Pciehp};
    seen.functions = {{{0, 1, 0, 0},
                       {0x8086, 0x10d3, 0x8086, 0xa01f, 0x020000, 2, 0x0011223344556677},
                       "e1000e",
                       true,
                       0x0546,
                       false,
                       false,
                       3,
                       {0x0102030405060708, 2, 3}},
                      {{0, 1, 0, 1}, {}, "", false, 0, true, true, 0, {}}};
    return seen;
}

OutcomeReport full_report() {
    return {0x0807060504030201, {OutcomeKind::Done, 0, "observe", full_observation()}};
}

TEST(OutcomeWire, CarriesEveryKind) {
    for (const OutcomeKind kind : {OutcomeKind::Done, OutcomeKind::AlreadySo, OutcomeKind::Gone,
                                   OutcomeKind::Refused, OutcomeKind::Failed, OutcomeKind::TimedOut,
                                   OutcomeKind::ExecutorLost, OutcomeKind::WorkerLost}) {
        const OutcomeReport report{9, {kind, ENOTTY, "write 0000:01:00.0/reset", std::nullopt}};

        EXPECT_EQ(decode_outcome_report(encode(report)), report) << to_text(kind);
    }
}

TEST(OutcomeWire, CarriesAnObservation) {
    EXPECT_EQ(decode_outcome_report(encode(full_report())), full_report());
}

TEST(OutcomeWire, CarriesAsManySamplesAsMayBeAskedFor) {
    OutcomeReport report{7, {OutcomeKind::Done, 0, "", std::nullopt}};
    report.outcome.samples.assign(kSamplesMax, {{0, 0, 0x1c, 0}, 0x0102030405060708});
    EXPECT_EQ(decode_outcome_report(encode(report)), report);

    OutcomeReport more = report;
    more.outcome.samples.push_back({});
    EXPECT_EQ(decode_outcome_report(encode(more)), report);
}

TEST(OutcomeWire, CutsWhatIsTooLongToItsBound) {
    OutcomeReport report{1, {OutcomeKind::Done, 0, std::string(300, 'c'), Observation{}}};
    report.outcome.observation->functions.resize(300);
    report.outcome.observation->functions[0].driver = std::string(100, 'd');

    const auto decoded = decode_outcome_report(encode(report));

    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->outcome.context, std::string(255, 'c'));
    EXPECT_EQ(decoded->outcome.observation->functions.size(), 256U);
    EXPECT_EQ(decoded->outcome.observation->functions[0].driver, std::string(63, 'd'));
}

TEST(OutcomeWire, FitsIntoADatagramAtItsBiggest) {
    OutcomeReport report{1, {OutcomeKind::Done, 0, std::string(255, 'c'), Observation{}}};
    report.outcome.observation->functions.resize(256);
    for (FunctionSeen& function : report.outcome.observation->functions) {
        function.driver = std::string(63, 'd');
    }

    EXPECT_EQ(decode_outcome_report(encode(report)), report);
    EXPECT_LE(encode(report).size(), 65536U);
}

TEST(OutcomeWire, RefusesEveryTruncation) {
    const Bytes whole = encode(full_report());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(decode_outcome_report(std::span(whole).first(length)).has_value()) << length;
    }
}

TEST(OutcomeWire, AcceptsNothingThatItWouldNotHaveWritten) {
    const Bytes whole = encode(full_report());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (unsigned value = 0; value <= 0xff; ++value) {
            Bytes mutated = whole;
            mutated[at] = static_cast<std::uint8_t>(value);
            if (const auto decoded = decode_outcome_report(mutated)) {
                EXPECT_EQ(encode(*decoded), mutated);
            }
        }
    }
}

}  // namespace
}  // namespace slotd::event
