#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "control/interface.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
#include "metrics/exposition.hpp"

namespace slotd::control {
namespace {

using Decoded = std::expected<Method, Fault>;

Decoded decoded(const std::string& message) {
    return decode_call(message).method;
}

std::string reset_with(const std::string& parameters) {
    return R"({"method":"io.slotd.Coordinator.Reset","parameters":{)" + parameters + "}}";
}

Decoded invalid(const std::string& parameter) {
    return std::unexpected(InvalidParameter{parameter});
}

bool is_malformed(const std::string& message) {
    const Decoded call = decoded(message);
    return !call && std::holds_alternative<MalformedMessage>(call.error());
}

TEST(Call, RefusesWhatTheHistoryCannotBeAskedFor) {
    const auto with = [](const std::string& parameters) {
        return decoded(R"({"method":"io.slotd.Coordinator.History","parameters":{)" + parameters +
                       "}}");
    };
    EXPECT_EQ(with(""), Decoded(AskHistory{}));
    EXPECT_EQ(with(R"("slot":null,"incident":null,"since_us":null,"limit":null)"),
              Decoded(AskHistory{}));
    EXPECT_EQ(with(R"("slot":"")"), invalid("slot"));
    EXPECT_EQ(with(R"("incident":"0x7")"), invalid("incident"));
    EXPECT_EQ(with(R"("incident":"")"), invalid("incident"));
    for (const char* const since : {"-1", "18446744073709551615"}) {
        EXPECT_EQ(with(std::string(R"("since_us":)") + since), invalid("since_us")) << since;
    }
    for (const char* const limit : {"0", "-1", "1000"}) {
        EXPECT_EQ(with(std::string(R"("limit":)") + limit), invalid("limit")) << limit;
    }
}

// What slotctl encodes is what slotd decodes, for every method.
TEST(Call, ComesBackAsItWasEncoded) {
    const std::vector<Method> methods{
        GetInfo{},
        GetInterfaceDescription{"org.varlink.service"},
        ListSlots{},
        ShowSlot{"5"},
        ResetTarget{"0000:01:00.0", event::ResetMethod::Flr, "why not", false, true},
        ResetTarget{"5", event::ResetMethod::Vfio, "why not", false, false, true, true},
        HoldSlot{"5", std::chrono::hours(2), "why not"},
        HoldSlot{"5", std::nullopt, "why not"},
        ReleaseSlot{"5", "why not"},
        PlanReset{"0000:01:00.0", event::ResetMethod::Vfio},
        AskHistory{},
        AskHistory{"5", 0x6746f1e000030001, 1'700'000'000'000'000, 999},
        ConsultDoctor{},
        ConsultDoctor{"5"},
        Subscribe{},
        GetMetrics{},
        GetMetrics{metrics::Format::Prometheus},
        GetVersion{},
    };
    for (const Method& method : methods) {
        const std::string message = encode_call(method, true);

        const Incoming incoming = decode_call(message.substr(0, message.size() - 1));

        EXPECT_EQ(message.back(), '\0');
        EXPECT_EQ(incoming.method, Decoded(method)) << message;
        EXPECT_TRUE(incoming.more);
        EXPECT_FALSE(incoming.oneway);
    }
}

// A method that the interface announces and nobody decodes would be refused as unknown.
TEST(Call, DecodesEveryMethodOfTheInterfaceTexts) {
    for (const std::string_view interface : {kCoordinatorInterface, kServiceInterface}) {
        for (const auto& [name, method] : interface_named(interface)->methods) {
            std::string parameters;
            for (const IdlField& field : method.parameters.fields) {
                if (!field.type.nullable) {
                    parameters += (parameters.empty() ? "\"" : ",\"") + field.name + "\":\"x\"";
                }
            }
            const std::string full = std::string(interface) + "." + name;

            const Decoded call =
                decoded(R"({"method":")" + full + R"(","parameters":{)" + parameters + "}}");

            ASSERT_TRUE(call.has_value()) << full;
            EXPECT_EQ(method_name(*call), full);
        }
    }
}

TEST(Call, TakesNullForAbsent) {
    EXPECT_EQ(decoded(R"({"method":"io.slotd.Coordinator.List","parameters":null,"more":null})"),
              Decoded(ListSlots{}));
    EXPECT_EQ(decoded(reset_with(R"("target":"5","reason":"x","method":null,"wait":null)")),
              Decoded(ResetTarget{"5", event::ResetMethod::Auto, "x", false, false}));
}

// A truncated message is malformed wherever it was cut.
TEST(Call, IsMalformedAtEveryTruncation) {
    const std::string whole = reset_with(R"("target":"5","method":"bus","reason":"ü","wait":true)");
    ASSERT_TRUE(decoded(whole).has_value());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_TRUE(is_malformed(whole.substr(0, length))) << length;
    }
}

TEST(Call, IsMalformedWhenItIsNotOneJsonObject) {
    for (const char* const message :
         {"", "null", "5", "[]", "\"io.slotd.Coordinator.List\"", "{}{}", "{} x", "{\"method\":5}",
          "{\"method\":null}", "{}", "{\"method\":\"\"}", "// {}", "{'method':'x'}"}) {
        EXPECT_TRUE(is_malformed(message)) << message;
    }
}

TEST(Call, IsMalformedWhenAFlagIsNotOne) {
    for (const char* const flag : {"more", "oneway", "upgrade"}) {
        EXPECT_TRUE(is_malformed(std::string(R"({"method":"io.slotd.Coordinator.List",")") + flag +
                                 "\":1}"))
            << flag;
    }
}

TEST(Call, IsMalformedWhenNestedTooDeep) {
    const std::string deep = std::string(30000, '[') + std::string(30000, ']');
    EXPECT_TRUE(
        is_malformed(R"({"method":"io.slotd.Coordinator.List","parameters":)" + deep + "}"));
    EXPECT_TRUE(is_malformed(std::string(60000, '[')));
    std::string objects;
    for (int i = 0; i < 10000; ++i) {
        objects += "{\"a\":";
    }
    EXPECT_TRUE(is_malformed(objects));
}

// Two readers of one message must not see two different calls.
TEST(Call, IsMalformedWithOneKeyTwice) {
    EXPECT_TRUE(is_malformed(
        R"({"method":"io.slotd.Coordinator.List","method":"io.slotd.Coordinator.Reset"})"));
    EXPECT_TRUE(
        is_malformed(reset_with(R"("target":"5","reason":"x","dry_run":true,"dry_run":false)")));
}

TEST(Call, IsMalformedWhenNotUtf8) {
    for (const char* const bytes : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80"}) {
        EXPECT_TRUE(
            is_malformed(reset_with(std::string(R"("reason":"x","target":")") + bytes + "\"")));
    }
}

TEST(Call, SurvivesHugeNumbers) {
    EXPECT_TRUE(is_malformed(R"({"method":"io.slotd.Coordinator.List","x":1e999999})"));
    EXPECT_EQ(decoded(reset_with(R"("reason":"x","target":123456789012345678901234567890)")),
              invalid("target"));
    EXPECT_EQ(decoded(reset_with(R"("reason":"x","target":-1)")), invalid("target"));
}

TEST(Call, NamesTheParameterOfTheWrongType) {
    EXPECT_EQ(decoded(reset_with(R"("target":5,"reason":"x")")), invalid("target"));
    EXPECT_EQ(decoded(reset_with(R"("target":"5","reason":["x"])")), invalid("reason"));
    EXPECT_EQ(decoded(reset_with(R"("target":"5","reason":"x","wait":"yes")")), invalid("wait"));
    EXPECT_EQ(decoded(reset_with(R"("target":"5","reason":"x","dry_run":1)")), invalid("dry_run"));
    EXPECT_EQ(decoded(reset_with(R"("target":"5","reason":"x","method":"sbr")")),
              invalid("method"));
    EXPECT_EQ(decoded(R"({"method":"io.slotd.Coordinator.List","parameters":[]})"),
              invalid("parameters"));
}

TEST(Call, NamesTheParameterThatIsMissing) {
    EXPECT_EQ(decoded(reset_with(R"("reason":"x")")), invalid("target"));
    EXPECT_EQ(decoded(reset_with(R"("target":"5")")), invalid("reason"));
    EXPECT_EQ(decoded(R"({"method":"io.slotd.Coordinator.Show"})"), invalid("slot"));
}

// `"dryrun": true` that is ignored would reset a card.
TEST(Call, RefusesAParameterThatTheInterfaceDoesNotHave) {
    EXPECT_EQ(decoded(reset_with(R"("target":"5","reason":"x","dryrun":true)")), invalid("dryrun"));
}

TEST(Call, RequiresAReasonThatSaysSomething) {
    for (const char* const reason : {"", "   ", R"(\u0000\u001b)"}) {
        EXPECT_EQ(decoded(reset_with(std::string(R"("target":"5","reason":")") + reason + "\"")),
                  invalid("reason"))
            << reason;
    }
}

TEST(Call, BoundsTheReasonAndTheName) {
    const auto with = [](std::size_t target, std::size_t reason) {
        return decoded(reset_with(R"("target":")" + std::string(target, 'a') + R"(","reason":")" +
                                  std::string(reason, 'b') + "\""));
    };
    EXPECT_TRUE(with(255, 255).has_value());
    EXPECT_EQ(with(256, 255), invalid("target"));
    EXPECT_EQ(with(255, 256), invalid("reason"));
}

// The reason ends up in a log and on terminals.
TEST(Call, ReplacesControlCharactersInTheReason) {
    const Decoded call = decoded(reset_with(R"("target":"5","reason":"a\u001b[31m\nb\u0085c")"));

    EXPECT_EQ(call,
              Decoded(ResetTarget{"5", event::ResetMethod::Auto, "a?[31m?b?c", false, false}));
}

// Descriptors are for VFIO and nothing else, and a dry run has no use for them.
TEST(Call, LendsOnlyForAVfioReset) {
    for (const char* const how :
         {R"("method":"bus")", R"("dry_run":true,"method":"vfio")", R"("wait":true)"}) {
        EXPECT_EQ(
            decoded(reset_with(std::string(R"("target":"5","reason":"x","lend":true,)") + how)),
            invalid("lend"))
            << how;
    }
}

std::string call_with(const std::string& method, const std::string& parameters) {
    return R"({"method":"io.slotd.Coordinator.)" + method + R"(","parameters":{)" + parameters +
           "}}";
}

TEST(Call, BoundsTheTimeOfAHold) {
    const auto with = [](const std::string& seconds) {
        return decoded(call_with("Hold", R"("slot":"5","reason":"x","seconds":)" + seconds));
    };
    EXPECT_EQ(with("1"), Decoded(HoldSlot{"5", std::chrono::seconds(1), "x"}));
    EXPECT_EQ(with("31622400"), Decoded(HoldSlot{"5", std::chrono::hours(24 * 366), "x"}));
    EXPECT_EQ(with("null"), Decoded(HoldSlot{"5", std::nullopt, "x"}));
    for (const char* const seconds :
         {"0", "-1", "31622401", "18446744073709551615", "9223372036854775808", "1.5", "\"1\"",
          "true", "[]", "1e3", "123456789012345678901234567890"}) {
        EXPECT_EQ(with(seconds), invalid("seconds")) << seconds;
    }
}

TEST(Call, HoldsAndReleasesWantANameAndAReason) {
    for (const char* const method : {"Hold", "Release"}) {
        EXPECT_EQ(decoded(call_with(method, R"("slot":"","reason":"x")")), invalid("slot"));
        EXPECT_EQ(decoded(call_with(method, R"("slot":"a\u0000","reason":"x")")), invalid("slot"));
        EXPECT_EQ(decoded(call_with(method, R"("reason":"x")")), invalid("slot"));
        EXPECT_EQ(decoded(call_with(method, R"("slot":"5","reason":" ")")), invalid("reason"));
        EXPECT_EQ(decoded(call_with(method, R"("slot":"5")")), invalid("reason"));
        EXPECT_EQ(decoded(call_with(method, R"("slot":"5","reason":"x","force":true)")),
                  invalid("force"));
    }
}

TEST(Call, APlanWantsANameAndMayHaveAMethod) {
    EXPECT_EQ(decoded(call_with("Plan", R"("target":"5","method":null)")),
              Decoded(PlanReset{"5", event::ResetMethod::Auto}));
    EXPECT_EQ(decoded(call_with("Plan", R"("target":"","method":"bus")")), invalid("target"));
    EXPECT_EQ(decoded(call_with("Plan", R"("target":"5","method":"quarantine")")),
              invalid("method"));
    EXPECT_EQ(decoded(call_with("Plan", R"("target":"5","reason":"x")")), invalid("reason"));
}

TEST(Call, KnowsWhichInterfaceOrMethodIsMissing) {
    EXPECT_EQ(decoded(R"({"method":"io.example.Other.List"})"),
              Decoded(std::unexpected(InterfaceNotFound{"io.example.Other"})));
    EXPECT_EQ(decoded(R"({"method":"io.slotd.Coordinator.Explode"})"),
              Decoded(std::unexpected(MethodNotFound{"io.slotd.Coordinator.Explode"})));
    EXPECT_EQ(decoded(R"({"method":"List"})"), Decoded(std::unexpected(MethodNotFound{"List"})));
    EXPECT_EQ(decoded(R"({"method":"."})"), Decoded(std::unexpected(InterfaceNotFound{""})));
}

}  // namespace
}  // namespace slotd::control
