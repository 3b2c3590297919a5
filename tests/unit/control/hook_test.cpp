#include "control/hook.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::control {
namespace {

using namespace std::chrono_literals;

HookQuestion question() {
    HookQuestion asked;
    asked.port = fakes::at("0000:00:1c.0");
    asked.slot = "5";
    asked.step = "slot";
    asked.functions = {{fakes::at("0000:3b:00.0"), "nvme", {}, false},
                       {fakes::at("0000:3b:00.1"), "", {}, false}};
    asked.incident = 0xabc;
    asked.forced = true;
    asked.asked_by = "uid 0";
    asked.patience = 2s;
    return asked;
}

std::string without_nul(const std::string& message) {
    EXPECT_EQ(message.find('\0'), message.size() - 1);
    return message.substr(0, message.size() - 1);
}

TEST(HookCall, TellsAProgramEverythingThatSlotdAsks) {
    const auto run = decode_hook_call(without_nul(encode_call(question())));

    ASSERT_TRUE(run) << run.error().message();
    EXPECT_EQ(*run, (HookRun{true,
                             2s,
                             {"SLOTD_PORT=0000:00:1c.0", "SLOTD_SLOT=5", "SLOTD_STEP=slot",
                              "SLOTD_INCIDENT=0000000000000abc", "SLOTD_AUTOMATIC=0",
                              "SLOTD_FORCED=1", "SLOTD_ASKED_BY=uid 0",
                              "SLOTD_FUNCTIONS=0000:3b:00.0=nvme 0000:3b:00.1="}}));
}

TEST(HookCall, TellsAProgramHowTheAttemptEnded) {
    const HookEnd end{fakes::at("0000:00:1c.0"), 0xabc, true, "verified"};

    const auto run = decode_hook_call(without_nul(encode_call(end)));

    ASSERT_TRUE(run) << run.error().message();
    EXPECT_EQ(*run, (HookRun{false,
                             1h,
                             {"SLOTD_PORT=0000:00:1c.0", "SLOTD_INCIDENT=0000000000000abc",
                              "SLOTD_WELL=1", "SLOTD_HOW=verified"}}));
}

TEST(HookCall, ThatIsNoneIsRefused) {
    const std::string good = without_nul(encode_call(question()));
    const auto with = [&](std::string_view part, std::string_view other) {
        std::string text = good;
        const auto at = text.find(part);
        EXPECT_NE(at, std::string::npos) << part;
        return text.replace(at, part.size(), other);
    };
    for (const std::string& bad :
         {std::string(), std::string("[]"), std::string("{}"), std::string(70'000, ' '),
          std::string("{\"method\":1,\"parameters\":{}}"), with("BeforeStep", "Format"),
          with("\"slot\":\"5\"", "\"slot\":5"), with("\"slot\":\"5\"", "\"slot\":\"\\u0000\""),
          with("\"patience_ms\":2000", "\"patience_ms\":\"2\""),
          with("\"driver\":\"nvme\"", "\"driver\":null"), with("[{", "[1,{")}) {
        EXPECT_FALSE(decode_hook_call(bad)) << bad.substr(0, 300);
    }
}

TEST(HookReply, GivesBackWhatWasAnswered) {
    for (const HookAnswer& answer :
         {HookAnswer{true, ""}, HookAnswer{true, "taken down"}, HookAnswer{false, "busy"}}) {
        const auto again = decode_hook_reply(without_nul(encode_reply(answer)));

        ASSERT_TRUE(again) << again.error().message();
        EXPECT_EQ(*again, answer);
    }
}

TEST(HookReply, ThatIsAnErrorOrHasNoReasonIsAnObjection) {
    EXPECT_EQ(decode_hook_reply(without_nul(encode_hook_error("what"))).value(),
              (HookAnswer{false, "io.slotd.Hook.NotUnderstood"}));
    EXPECT_EQ(decode_hook_reply("{\"parameters\":{\"proceed\":false}}").value(),
              (HookAnswer{false, "it gave no reason"}));
    EXPECT_EQ(decode_hook_reply("{\"parameters\":{\"proceed\":false,\"reason\":\"a\\u001b[2Jb\"}}")
                  .value(),
              (HookAnswer{false, "a?[2Jb"}));
}

TEST(HookReply, ThatIsNoneIsNoAgreement) {
    for (const std::string_view bad :
         {"", "true", "{}", "{\"parameters\":{}}", "{\"parameters\":{\"proceed\":1}}",
          "{\"parameters\":{\"proceed\":true,\"reason\":7}}", "{\"error\":{}}", "{\"error\":\"\"}",
          "{\"parameters\":{\"proceed\":false,\"proceed\":true}}"}) {
        EXPECT_FALSE(decode_hook_reply(bad)) << bad;
    }
}

}  // namespace
}  // namespace slotd::control
