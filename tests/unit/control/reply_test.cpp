#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "action/record.hpp"
#include "control/idl.hpp"
#include "control/interface.hpp"
#include "control/json.hpp"
#include "control/message.hpp"
#include "control/plan_reply.hpp"
#include "coordinator/slot_status.hpp"
#include "event/usage.hpp"
#include "history/entry.hpp"
#include "pci/link.hpp"
#include "policy/in_use.hpp"
#include "policy/level.hpp"
#include "report/history_list.hpp"

namespace slotd::control {
namespace {

coordinator::SlotStatus some_slot() {
    return {.port = {0, 0, 2, 0},
            .root_port = {0, 0, 2, 0},
            .slot = "5",
            .phase = "resetting",
            .reason = "asked for by hand",
            .level = policy::Level::Exclusive,
            .incident = 7,
            .automatic_action = true,
            .budget_left = 3,
            .held_by = "uid 0 pid 1: \"mine\"",
            .held_for = std::chrono::minutes(2),
            .quarantine = "it failed five times",
            .occupied = true,
            .functions = {{{0, 1, 0, 0},
                           "e1000e",
                           {0x8086, 0x10d3, 0x8086, 0xa01f, 0x020000, 3, 0x525400ffff123456},
                           false},
                          {{0, 1, 0, 1}, "", {0x8086, 0x0001, 0, 0, 0x060400, 0, {}}, true}},
            .gates = {"fence", "hot-plug notification"},
            .path = {{0, 0, 2, 0}},
            .link = pci::Link{true, 3, 4, 4, 16}};
}

action::Record some_record() {
    return {.priority = action::Priority::Warning,
            .kind = action::RecordKind::OverlapSeen,
            .port = pci::Address{0, 0, 2, 0},
            .slot = "5",
            .incident = 7,
            .attempt = 2,
            .phase = "resetting",
            .text = "both at once"};
}

ResetReply reset_reply(ResetState state) {
    ResetReply reply{.state = state,
                     .request = 3,
                     .port = {0, 0, 2, 0},
                     .function = pci::Address{0, 1, 0, 0},
                     .plan = {},
                     .record = std::nullopt,
                     .end = std::nullopt};
    if (state == ResetState::Planned) {
        reply.plan = {"reset", "verify"};
    }
    if (state == ResetState::Progress) {
        reply.record = some_record();
    }
    if (state == ResetState::Finished) {
        reply.end = ResetEnd{true, "recovered", "the card is back"};
    }
    return reply;
}

PlanReply some_plan() {
    event::FunctionUse disk;
    disk.address = {0, 1, 0, 0};
    disk.driver = "nvme";
    disk.blocks = {{"nvme0n1", 3, {"dm-0 (vg-root)"}, {{"nvme0n1p1", "/srv"}}, {"nvme0n1p2"}}};
    event::FunctionUse card;
    card.address = {0, 1, 0, 1};
    card.networks = {{"eth0", true, false, true, "bond0"}};
    card.vfs = {{{0, 1, 2, 0}, "iavf"}};
    card.vfio_group = 0;
    card.vfio_open = true;
    PlanReply plan;
    plan.port = {0, 0, 2, 0};
    plan.function = {0, 1, 0, 0};
    plan.steps = {"flr:", "  reset 0000:01:00.0"};
    plan.usage = {{0, 0, 2, 0},
                  {disk, card},
                  {{4711, "qemu", "vm.service", "/dev/vfio/0", {0, 1, 0, 1}}},
                  9,
                  {"/proc/self/mountinfo"}};
    plan.in_use = {{policy::UseKind::Mounted, {0, 1, 0, 0}, "nvme0n1p1 is mounted at /srv"}};
    plan.would_refuse = true;
    plan.would_refuse_forced = true;
    plan.text = "in use";
    return plan;
}

/// The parameters as slotctl gets them.
std::string parameters_of(std::string message) {
    EXPECT_EQ(message.back(), '\0');
    message.pop_back();
    const auto reply = decode_reply(message);
    EXPECT_TRUE(reply.has_value());
    return reply ? reply->parameters : std::string{};
}

std::optional<std::string> mismatch_of(std::string_view interface, std::string_view method,
                                       const Reply& reply) {
    const Idl& idl = *interface_named(interface);
    return mismatch(idl, idl.methods.find(method)->second.reply,
                    nlohmann::json::parse(parameters_of(encode_reply(reply, false))),
                    UnknownFields::Refuse);
}

// The interface text is a promise: each reply has its fields, of its types, and no others.
TEST(Reply, IsWhatTheInterfaceSays) {
    const std::string_view ours = kCoordinatorInterface;
    EXPECT_EQ(mismatch_of(kServiceInterface, "GetInfo", InfoReply{"1"}), std::nullopt);
    EXPECT_EQ(mismatch_of(kServiceInterface, "GetInterfaceDescription", DescriptionReply{"x"}),
              std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "List", SlotsReply{{some_slot(), {}}}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Show", SlotReply{some_slot()}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Subscribe", RecordReply{some_record(), 0}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Subscribe", RecordReply{{}, 9}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Metrics", MetricsReply{"# EOF\n"}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Version", VersionReply{"1"}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Plan", some_plan()), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Plan", PlanReply{}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Hold", DoneReply{1, {0, 0, 2, 0}, "held"}), std::nullopt);
    EXPECT_EQ(mismatch_of(ours, "Release", DoneReply{1, {0, 0, 2, 0}, "free"}), std::nullopt);
    for (const ResetState state :
         {ResetState::Planned, ResetState::Accepted, ResetState::Progress, ResetState::Finished}) {
        EXPECT_EQ(mismatch_of(ours, "Reset", reset_reply(state)), std::nullopt) << to_text(state);
    }
}

TEST(Reply, ErrorsAreWhatTheInterfaceSays) {
    const std::vector<Fault> faults{NoSuchSlot{"x", {"y"}}, AmbiguousSlot{"x", {"y", "z"}},
                                    NotPermitted{"x"},      TooManyClients{},
                                    Refused{"x"},           InUse{"x"},
                                    MalformedMessage{"x"},  MessageTooLarge{5},
                                    InterfaceNotFound{"x"}, MethodNotFound{"x"},
                                    InvalidParameter{"x"},  ExpectedMore{}};
    for (const Fault& fault : faults) {
        std::string message = encode_fault(fault);
        message.pop_back();
        const auto reply = nlohmann::json::parse(message);
        const std::string name = reply.at("error");
        const std::size_t dot = name.rfind('.');
        const Idl* const idl = interface_named(name.substr(0, dot));
        ASSERT_NE(idl, nullptr) << name;
        const auto error = idl->errors.find(name.substr(dot + 1));
        ASSERT_NE(error, idl->errors.end()) << name;

        EXPECT_EQ(mismatch(*idl, error->second, reply.value("parameters", nlohmann::json::object()),
                           UnknownFields::Refuse),
                  std::nullopt)
            << name;
        EXPECT_EQ(decode_reply(message)->fault, fault) << name;
    }
}

// The keys are an agreement with scripts: changing one must fail here.
std::vector<history::Row> one_of_each_kind() {
    const pci::Address port{0, 0, 2, 0};
    const history::Stamp at{1'764'170'544'000'123, 0, ""};
    return {{1, at, history::IncidentOpened{7, port, "5", "AER fatal"}},
            {2, at, history::AttemptReserved{port, port, 7, 1, "slot", true, ""}},
            {3, at, history::AttemptEnded{port, 7, 1, false, true, "it never came back"}},
            {4, at, history::IncidentClosed{7, port, true, "verified", false}},
            {5, at, history::Held{port, std::chrono::hours(2), "uid 0 pid 1: \"x\"", "x"}},
            {6, at, history::Held{port, {}, "uid 0 pid 1: \"x\"", "x"}},
            {7, at, history::Released{port, "uid 0 pid 1: \"y\"", "y"}},
            {8, at, history::Quarantined{port, "five attempts"}},
            {9, at, history::HistoryLost{"it was damaged"}}};
}

TEST(Reply, TellsEveryKindOfEntryOfTheHistory) {
    HistoryReply reply;
    for (const history::Row& row : one_of_each_kind()) {
        reply.items.push_back(report::item_of(row));
    }
    reply.more = true;
    EXPECT_EQ(mismatch_of(kCoordinatorInterface, "History", reply), std::nullopt);
    EXPECT_EQ(*decode_history(parameters_of(encode_reply(reply, false))), reply);
}

TEST(Reply, ShowsAnAttemptUnderTheAgreedKeys) {
    const HistoryReply reply{{report::item_of(one_of_each_kind()[1])}, false};
    EXPECT_EQ(nlohmann::json::parse(parameters_of(encode_reply(reply, false))),
              nlohmann::json::parse(R"({"entries": [{
        "seq": 2, "time": "2025-11-26T15:22:24.000123Z", "time_us": 1764170544000123,
        "kind": "attempt-reserved", "port": "0000:00:02.0", "slot": null,
        "incident_id": "0000000000000007", "attempt": 1, "step": "slot", "automatic": true,
        "by": null, "seconds": null, "well": null, "ambiguous": null, "text": ""}],
        "more": false})"));
}

TEST(Reply, ShowsASlotUnderTheAgreedKeys) {
    const std::string parameters = parameters_of(encode_reply(SlotReply{some_slot()}, false));

    EXPECT_EQ(nlohmann::json::parse(parameters), nlohmann::json::parse(R"({"slot": {
        "port": "0000:00:02.0", "root_port": "0000:00:02.0", "slot": "5", "phase": "resetting",
        "reason": "asked for by hand", "level": "exclusive", "incident": 7,
        "automatic_action": true, "budget_left": 3, "held_by": "uid 0 pid 1: \"mine\"",
        "held_seconds": 120,
        "quarantine": "it failed five times", "occupied": true,
        "functions": [
          {"address": "0000:01:00.0", "driver": "e1000e",
           "identity": "8086:10d3 (8086:a01f) class 020000 rev 03 serial 525400ffff123456"},
          {"address": "0000:01:00.1", "driver": "",
           "identity": "8086:0001 (0000:0000) class 060400 rev 00"}],
        "gates": ["fence", "hot-plug notification"], "path": ["0000:00:02.0"],
        "link": {"up": true, "speed": 8000, "width": 4, "speed_max": 16000, "width_max": 16},
        "incident_id": "0000000000000007"}})"));
}

TEST(Reply, ComesBackAsItWasEncoded) {
    const SlotsReply slots{{some_slot(), some_slot()}};
    EXPECT_EQ(*decode_slots(parameters_of(encode_reply(slots, false))), slots);
    EXPECT_EQ(*decode_slot(parameters_of(encode_reply(SlotReply{some_slot()}, false))),
              SlotReply{some_slot()});
    EXPECT_EQ(*decode_plan(parameters_of(encode_reply(some_plan(), false))), some_plan());
    EXPECT_EQ(*decode_plan(parameters_of(encode_reply(PlanReply{}, false))), PlanReply{});
    const DoneReply done{7, {0, 0, 2, 0}, "held"};
    EXPECT_EQ(*decode_done(parameters_of(encode_reply(done, false))), done);
    const RecordReply record{some_record(), 4};
    EXPECT_EQ(*decode_record(parameters_of(encode_reply(record, true))), record);
    EXPECT_EQ(*decode_metrics(parameters_of(encode_reply(MetricsReply{"a 1\n"}, false))),
              MetricsReply{"a 1\n"});
    EXPECT_EQ(*decode_version(parameters_of(encode_reply(VersionReply{"1.2"}, false))),
              VersionReply{"1.2"});
    for (const ResetState state :
         {ResetState::Planned, ResetState::Accepted, ResetState::Progress, ResetState::Finished}) {
        const ResetReply reset = reset_reply(state);
        EXPECT_EQ(*decode_reset(parameters_of(encode_reply(reset, true))), reset) << to_text(state);
    }
}

TEST(Reply, KeepsEveryKindOfRecord) {
    for (const action::RecordKind kind : action::all_record_kinds()) {
        RecordReply record{some_record(), 0};
        record.record.kind = kind;

        EXPECT_EQ(*decode_record(parameters_of(encode_reply(record, true))), record)
            << action::to_text(kind);
    }
}

// A slot name comes from firmware and may be any bytes; the reply must be JSON all the same.
TEST(Reply, IsJsonWhateverTheSlotIsCalled) {
    coordinator::SlotStatus slot = some_slot();
    slot.slot = "\xff\x1b[2J";

    const auto reply = decode_slot(parameters_of(encode_reply(SlotReply{slot}, false)));

    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->slot.slot, "\xef\xbf\xbd\x1b[2J");
}

TEST(Reply, SaysWhetherMoreFollow) {
    std::string last = encode_reply(VersionReply{"1"}, false);
    std::string first = encode_reply(VersionReply{"1"}, true);
    last.pop_back();
    first.pop_back();

    EXPECT_FALSE(decode_reply(last)->continues);
    EXPECT_TRUE(decode_reply(first)->continues);
}

TEST(Reply, OfAnotherKindIsAnErrorForTheClientNotACrash) {
    for (const char* const parameters :
         {"", "[]", "{}", R"({"slots":{}})", R"({"slots":[{}]})", R"({"slots":[null]})"}) {
        EXPECT_EQ(decode_slots(parameters).error().kind, ErrorKind::Malformed) << parameters;
    }
    std::string slot = parameters_of(encode_reply(SlotsReply{{some_slot()}}, false));
    slot.replace(slot.find("0000:01:00.0"), 12, "0000:01:00.9");
    EXPECT_EQ(decode_slots(slot).error().kind, ErrorKind::Malformed);
}

// slotctl reads what a daemon of another version, or something else behind the socket, has sent.
TEST(Reply, APlanThatIsNoneIsAnErrorForTheClientNotACrash) {
    const auto whole = nlohmann::json::parse(parameters_of(encode_reply(some_plan(), false)));
    for (const char* const field :
         {"/usage/functions", "/usage/functions/0/blocks", "/usage/functions/0/blocks/0/mounts",
          "/usage/processes", "/usage/functions/1/vfs/0/address", "/in_use/0/function", "/in_use",
          "/steps", "/port", "/usage/port"}) {
        for (const char* const wrong : {"5", "\"x\"", "[[]]", "[{}]", "{}"}) {
            auto spoilt = whole;
            spoilt[nlohmann::json::json_pointer(field)] = nlohmann::json::parse(wrong);
            EXPECT_FALSE(decode_plan(spoilt.dump()).has_value()) << field << " = " << wrong;
        }
        auto shorter = whole;
        const nlohmann::json::json_pointer at(field);
        if (shorter[at.parent_pointer()].is_object()) {
            shorter[at.parent_pointer()].erase(at.back());
            EXPECT_FALSE(decode_plan(shorter.dump()).has_value()) << field;
        }
    }
}

TEST(Reply, KeepsAnErrorThatThisBuildDoesNotKnow) {
    const auto reply = decode_reply(R"({"error":"io.slotd.Coordinator.New","parameters":{"a":1}})");

    EXPECT_EQ(reply->fault, Fault(UnknownFault{"io.slotd.Coordinator.New", "{\"a\":1}"}));
}

}  // namespace
}  // namespace slotd::control
