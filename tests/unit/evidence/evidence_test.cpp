#include "evidence/evidence.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/effect.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "event/usage.hpp"
#include "evidence/decode.hpp"
#include "evidence/encode.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {
namespace {

using namespace std::chrono_literals;

constexpr pci::Address kPort{0, 0, 2, 0};
constexpr pci::Address kCard{0, 1, 0, 0};

Evidence of(Cause cause) {
    return {17, Instant(12'345'678us), std::move(cause), {}, 0};
}

event::FunctionSeen function_seen(std::uint8_t number) {
    event::FunctionSeen function;
    function.address = {0, 1, 0, number};
    function.identity = {0x8086, 0x10d3, 0x1af4, 0x1100, 0x020000, 0x03, 0x5254001234567890};
    function.driver = "e1000e";
    function.memory_decodes = true;
    function.command = 0x407;
    function.errors = {1, 2, 3};
    return function;
}

event::Observation observation(int functions) {
    event::Observation seen;
    seen.port = kPort;
    seen.port_answers = true;
    seen.card_present = true;
    seen.slot_number = 5;
    seen.link_width = 4;
    seen.link_speed = 3;
    seen.fenced = true;
    seen.bound = {pci::Service::Aer};
    for (int number = 0; number < functions; ++number) {
        seen.functions.push_back(function_seen(static_cast<std::uint8_t>(number % 8)));
    }
    return seen;
}

event::Usage usage() {
    event::Usage usage;
    usage.port = kPort;
    event::FunctionUse function;
    function.address = kCard;
    function.driver = "nvme";
    function.blocks = {{"nvme0n1", 3, {"dm-0 (vg-root)"}, {{"dm-0", "/srv"}}, {"nvme0n1p2"}}};
    function.networks = {{"eth0", true, false, true, "bond0"}};
    function.vfs = {{{0, 1, 1, 0}, "vfio-pci"}};
    function.vfio_group = 7;
    function.vfio_open = true;
    usage.functions = {function};
    usage.processes = {{4711, "fio", "fio.service", "/dev/nvme0", kCard}};
    usage.left_out = 2;
    usage.unreadable = {"/proc/1/fd"};
    return usage;
}

pci::Port port() {
    pci::Port port;
    port.address = kPort;
    port.kind = pci::PortKind::SwitchDownstreamPort;
    port.parent = pci::Address{0, 0, 1, 0};
    port.root_port = {0, 0, 1, 0};
    port.secondary_bus = 1;
    port.subordinate_bus = 3;
    port.slot_name = "5-1";
    port.services = {pci::Service::Aer, pci::Service::Pciehp};
    port.bound = {pci::Service::Aer};
    port.functions = {
        {kCard, "nvme", {0x1b36, 0x0010, 0, 0, 0x010802, 2, std::nullopt}, false, true}};
    return port;
}

std::vector<Cause> causes() {
    event::Outcome seen{event::OutcomeKind::Done, 0, "", observation(2)};
    event::Outcome used;
    used.usage = usage();
    return {
        TimePassed{},
        Reconfigured{},
        event::RecoveryReported{kCard, event::RecoveryReport::Failed},
        event::ErrorReported{kCard, event::Severity::Fatal, 0x40000},
        event::HotplugSeen{kCard, event::HotplugKind::DriverUnbound},
        event::HotplugAnnounced{kPort, event::HotplugSignal::CardNotPresent},
        event::DeviceWedged{kCard, {event::WedgedMethod::Rebind, event::WedgedMethod::BusReset}},
        event::ServicesChanged{kPort},
        event::EventsMissed{"12 uevents (SEQNUM 4711 to 4722)"},
        EffectEnded{action::ObserveSlot{kPort}, seen, 1500us},
        EffectEnded{action::SurveyUse{kPort}, used, 8ms},
        EffectEnded{action::UnbindService{kPort, pci::Service::Aer},
                    {event::OutcomeKind::Failed, 19, "unbind aer", std::nullopt},
                    75s},
        EffectEnded{action::SetSlotPower{kPort, true}, {}, 1us},
        EffectEnded{action::ResetFunction{kCard, action::KernelReset::Flr}, {}, 1us},
        EffectEnded{action::UnmaskHotplug{kPort, action::Latched::Deliver}, {}, 1us},
        event::ResetRequested{
            0, kPort, kCard, event::ResetMethod::Slot, {1000, 42, "a.service", "why"}, true, true},
        event::HoldRequested{0, kPort, 2h, {0, 1, "", "card change"}},
        event::HoldRequested{0, kPort, std::nullopt, {0, 1, "", "card change"}},
        event::ReleaseRequested{0, kPort, {0, 1, "", "done"}},
        PortSeen{port()},
        HistorySaid{HistoryWord::NotWritten, "disk full"},
        ExecutorRestarted{},
    };
}

TEST(Evidence, OfEveryKindComesBackAsWhatItWas) {
    for (const Cause& cause : causes()) {
        const Evidence written = of(cause);
        const std::string text = encode(written);
        const auto read = decode(text);

        ASSERT_TRUE(read) << text << read.error().message();
        EXPECT_EQ(*read, written) << text;
    }
}

TEST(Evidence, EveryEffectHasAWordOfItsOwn) {
    const std::vector<action::Effect> effects{
        action::RaiseFence{kPort},  action::LowerFence{kPort},       action::MaskHotplug{kPort},
        action::BindService{kPort}, action::RemoveFunction{kCard},   action::RescanBelow{kPort},
        action::AskHooks{kPort},    action::NoteVfs{kPort},          action::RestoreVfs{kPort},
        action::ResetByVfio{kPort}, action::ResetByLentFds{kPort, 0}};
    for (const action::Effect& effect : effects) {
        const Evidence written = of(EffectEnded{effect, {}, 1ms});
        EXPECT_EQ(decode(encode(written)).value(), written) << action::to_string(effect);
    }
}

TEST(Evidence, IsOneLineWithTheWordsOfTheSchema) {
    Evidence written = of(event::RecoveryReported{kCard, event::RecoveryReport::Began});
    written.earlier = {
        {written.at - 1ms, event::ErrorReported{kCard, event::Severity::Fatal, 0}, 3}};
    written.left_out = 2;

    EXPECT_EQ(encode(written),
              R"({"v":1,"input":17,"at_us":12345678,"cause":{"type":"recovery",)"
              R"("function":"0000:01:00.0","report":"began"},"earlier":[{"ago_us":1000,"times":3,)"
              R"("type":"error","function":"0000:01:00.0","severity":"fatal","status":0}],)"
              R"("left_out":2})");
    EXPECT_EQ(decode(encode(written)).value(), written);
}

TEST(Evidence, StaysWithinItsBoundsAndSaysWhatItLeftOut) {
    event::Outcome outcome{event::OutcomeKind::Done, 0, "", observation(64)};
    Evidence written = of(EffectEnded{action::ObserveSlot{kPort}, outcome, 1ms});
    for (int index = 0; index < 16; ++index) {
        written.earlier.push_back(
            {written.at - 1ms,
             EffectEnded{action::RescanBelow{kPort},
                         {event::OutcomeKind::Failed, 5, std::string(255, '"'), std::nullopt},
                         1ms},
             1});
    }

    const std::string text = encode(written);

    EXPECT_LE(text.size(), kBytesMax);
    EXPECT_NE(text.find("\"functions_left_out\":"), std::string::npos);
    const Evidence read = decode(text).value();
    EXPECT_EQ(read.earlier.size() + read.left_out, 16);
    EXPECT_GE(std::get<EffectEnded>(read.cause).outcome.observation->functions.size(), 8);
}

TEST(Evidence, OfABigUsageSaysHowMuchIsMissing) {
    event::Usage big = usage();
    big.processes.assign(500, big.processes.front());
    event::Outcome outcome;
    outcome.usage = big;

    const Evidence read =
        decode(encode(of(EffectEnded{action::SurveyUse{kPort}, outcome, 1ms}))).value();

    const event::Usage& left = *std::get<EffectEnded>(read.cause).outcome.usage;
    EXPECT_EQ(left.functions, big.functions);
    EXPECT_EQ(left.processes.size() + left.left_out, 500 + big.left_out);
}

TEST(Evidence, ForeignTextIsPlainAscii) {
    const std::string text =
        encode(of(event::EventsMissed{"a\nb\x1b[31m \xff\xc3\xa9 \"quoted\" \\"}));

    EXPECT_NE(text.find(R"("what":"a?b?[31m ??? \"quoted\" \\")"), std::string::npos) << text;
    EXPECT_TRUE(decode(text));
}

TEST(Evidence, OfAnyBytesIsReadOrRefused) {
    for (const Cause& cause : causes()) {
        const std::string whole = encode(of(cause));
        for (std::size_t length = 0; length < whole.size(); ++length) {
            EXPECT_FALSE(decode(std::string_view(whole).substr(0, length)));
        }
        for (std::size_t at = 0; at < whole.size(); ++at) {
            for (const char byte : {'"', '{', ']', '9', '-', '\0', '\xff'}) {
                std::string broken = whole;
                broken[at] = byte;
                (void)decode(broken);  // must come back
            }
        }
    }
}

TEST(Evidence, WhatIsNoneIsRefusedWithTheField) {
    const auto said = [](const char* text) {
        const auto read = decode(text);
        return read ? std::string("read") : read.error().context;
    };

    EXPECT_EQ(said(""), "read SLOTD_EVENT: not JSON at byte 1");
    EXPECT_EQ(said("[1]"), "read SLOTD_EVENT: not a JSON object");
    EXPECT_EQ(said("{}"), "read SLOTD_EVENT: version 0");
    EXPECT_EQ(said(R"({"v":1})"), "read SLOTD_EVENT: field cause");
    EXPECT_EQ(said(R"({"v":1,"cause":{"type":"weather"}})"), "read SLOTD_EVENT: field type");
    EXPECT_EQ(said(R"({"v":1,"cause":{"type":"recovery","function":"1","report":"began"}})"),
              "read SLOTD_EVENT: field function");
    EXPECT_EQ(said(R"({"v":1,"at_us":18446744073709551615,"cause":{"type":"time"}})"),
              "read SLOTD_EVENT: field at_us");
    EXPECT_EQ(said((R"({"v":1,"x":")" + std::string(kBytesMax, 'x') + "\"}").c_str()),
              "read SLOTD_EVENT: too long");
    EXPECT_EQ(decode(R"({"v":2})").error().kind, ErrorKind::Unsupported);
}

TEST(Evidence, FieldsOfALaterVersionAreLeftAlone) {
    EXPECT_EQ(
        decode(R"({"v":1,"input":17,"at_us":12345678,"cause":{"type":"time","why":[1]},"new":{}})")
            .value(),
        of(TimePassed{}));
}

}  // namespace
}  // namespace slotd::evidence
