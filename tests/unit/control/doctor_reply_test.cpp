#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "control/fault.hpp"
#include "control/idl.hpp"
#include "control/interface.hpp"
#include "control/json.hpp"
#include "control/message.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"
#include "report/checkup.hpp"
#include "tests/unit/control/service_test.hpp"

namespace slotd::control {
namespace {

report::DaemonNotes full_notes() {
    return {.daemon = {.version = "1.2",
                       .sysfs = "/sys",
                       .trace_problem = "no tracefs",
                       .trace_unseen = {"pci:pci_hp_event"},
                       .history_problem = "disk full",
                       .executor_problem = "it does not answer",
                       .executor_deaths = 3,
                       .hooks = {"programs"},
                       .hooks_problem = "17 of them",
                       .automatic_action = true,
                       .recoveries = {.began = 4, .succeeded = 3, .failed = 2, .unannounced = 1}},
            .slots = {{.port = {0, 0, 2, 0},
                       .traits =
                           event::SlotTraits{
                               .hotplug = true, .surprise = false, .power_controller = true},
                       .unasked = {{{0, 1, 0, 0}, "virtio-pci"}}},
                      {.port = {0, 3, 0, 0}}}};
}

std::string parameters_of(const std::string& message) {
    const auto reply = decode_reply(message.substr(0, message.size() - 1));
    EXPECT_TRUE(reply.has_value() && !reply->fault);
    return reply ? reply->parameters : "";
}

TEST(DoctorReply, ComesBackAsItWasEncoded) {
    for (const report::DaemonNotes& notes : {full_notes(), report::DaemonNotes{}}) {
        const std::string parameters = parameters_of(encode_reply(DoctorReply{notes}, false));

        const auto decoded = decode_doctor(parameters);

        ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
        EXPECT_EQ(decoded->notes, notes);
        const Idl* const idl = interface_named(kCoordinatorInterface);
        EXPECT_EQ(mismatch(*idl, idl->methods.at("Doctor").reply, nlohmann::json::parse(parameters),
                           UnknownFields::Refuse),
                  std::nullopt);
    }
}

TEST(DoctorReply, AHostileOneIsNotUnderstood) {
    const std::string good = parameters_of(encode_reply(DoctorReply{full_notes()}, false));
    const auto with = [&](const std::string& what, const std::string& instead) {
        std::string text = good;
        text.replace(text.find(what), what.size(), instead);
        return text;
    };
    ASSERT_TRUE(decode_doctor(good).has_value());

    for (const std::string& bad :
         {std::string("{}"), with("\"0000:01:00.0\"", "\"nowhere\""), with("\"0000:00:02.0\"", "5"),
          with("\"0000:00:02.0\"", "\"0000:00:02\""), with("{\"began\":4", "{\"bega\":4"),
          with("[\"programs\"]", "\"programs\""), with(":3,\"executor_problem\"", ":{},\"e\"")}) {
        EXPECT_FALSE(decode_doctor(bad).has_value()) << bad;
    }
    EXPECT_EQ(decode_doctor(with("\"executor_deaths\":3", "\"executor_deaths\":99999999999"))
                  ->notes.daemon.executor_deaths,
              4294967295U);
}

using DoctorServiceTest = ServiceTest;

TEST_F(DoctorServiceTest, TellsOfEverySlotOrOfOne) {
    backend_.notes = full_notes();
    call(ConsultDoctor{});
    call(ConsultDoctor{"5"});
    call(ConsultDoctor{"0000:03:00.0"});

    const auto all = replies();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(decode_doctor(all[0].parameters)->notes, full_notes());
    report::DaemonNotes one = full_notes();
    one.slots.pop_back();
    EXPECT_EQ(decode_doctor(all[1].parameters)->notes, one);
    EXPECT_EQ(decode_doctor(all[2].parameters)->notes.slots,
              (std::vector<report::SlotNotes>{{.port = {0, 3, 0, 0}}}));
}

TEST_F(DoctorServiceTest, RefusesANameThatMeansNoSlotOrIsNone) {
    call(ConsultDoctor{"55"});
    EXPECT_TRUE(std::holds_alternative<NoSuchSlot>(only_fault()));
    call(ConsultDoctor{"11"});
    EXPECT_TRUE(std::holds_alternative<AmbiguousSlot>(only_fault()));
    call(ConsultDoctor{""});
    EXPECT_EQ(only_fault(), Fault(InvalidParameter{"slot"}));
    call(ConsultDoctor{std::string(256, 'x')});
    EXPECT_EQ(only_fault(), Fault(InvalidParameter{"slot"}));
}

}  // namespace
}  // namespace slotd::control
