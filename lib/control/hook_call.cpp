#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "control/hook.hpp"
#include "control/message.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

constexpr std::int64_t kPatienceMsMax = 3'600'000;

/// As an environment has it; nullopt for what fits no variable.
std::optional<std::string> value_text(const json& value) {
    if (value.is_boolean()) {
        return value.get<bool>() ? "1" : "0";
    }
    if (!value.is_string()) {
        return std::nullopt;
    }
    auto text = value.get<std::string>();
    return text.find('\0') == std::string::npos ? std::optional(std::move(text)) : std::nullopt;
}

/// "0000:3b:00.0=nvme 0000:3b:00.1=nvme"; an address without a driver ends with the equals sign.
std::optional<std::string> functions_text(const json& functions) {
    std::string text;
    for (const json& function : functions) {
        const auto part = [&](const char* name) {
            const auto at = function.is_object() ? function.find(name) : function.end();
            return function.is_object() && at != function.end() ? value_text(*at) : std::nullopt;
        };
        const auto address = part("address");
        const auto driver = part("driver");
        if (!address || !driver) {
            return std::nullopt;
        }
        text += (text.empty() ? "" : " ") + *address + "=" + *driver;
    }
    return text;
}

struct Variable {
    const char* parameter;
    const char* name;
};

constexpr std::array<Variable, 7> kBefore{{{"port", "SLOTD_PORT"},
                                           {"slot", "SLOTD_SLOT"},
                                           {"step", "SLOTD_STEP"},
                                           {"incident", "SLOTD_INCIDENT"},
                                           {"automatic", "SLOTD_AUTOMATIC"},
                                           {"forced", "SLOTD_FORCED"},
                                           {"asked_by", "SLOTD_ASKED_BY"}}};
constexpr std::array<Variable, 4> kAfter{{{"port", "SLOTD_PORT"},
                                          {"incident", "SLOTD_INCIDENT"},
                                          {"well", "SLOTD_WELL"},
                                          {"how", "SLOTD_HOW"}}};

template <class Variables>
Status take(const json& parameters, const Variables& variables, HookRun& run) {
    for (const Variable& variable : variables) {
        const auto at = parameters.find(variable.parameter);
        const auto text = at == parameters.end() ? std::nullopt : value_text(*at);
        if (!text) {
            return failure(ErrorKind::Malformed,
                           std::string("use the call's ") + variable.parameter);
        }
        run.environment.push_back(std::string(variable.name) + "=" + *text);
    }
    return {};
}

}  // namespace

Result<HookRun> decode_hook_call(std::string_view message) {
    auto call = message.size() <= kCallBytesMax
                    ? parse_json_object(message)
                    : failure(ErrorKind::Malformed, "read a call of more than 64 KiB");
    if (!call) {
        return std::unexpected(std::move(call.error()));
    }
    const auto method = call->find("method");
    const auto parameters = call->find("parameters");
    if (method == call->end() || parameters == call->end() || !parameters->is_object()) {
        return failure(ErrorKind::Malformed, "find method and parameters in the call");
    }
    HookRun run;
    run.before = *method == "io.slotd.Hook.BeforeStep";
    if (!run.before) {
        if (*method != "io.slotd.Hook.AfterStep") {
            return failure(ErrorKind::Unsupported, "do what is neither BeforeStep nor AfterStep");
        }
        run.patience = std::chrono::milliseconds(kPatienceMsMax);
        auto taken = take(*parameters, kAfter, run);
        return taken ? Result<HookRun>(std::move(run)) : std::unexpected(std::move(taken.error()));
    }
    if (auto taken = take(*parameters, kBefore, run); !taken) {
        return std::unexpected(std::move(taken.error()));
    }
    const auto functions = parameters->find("functions");
    const auto text = functions != parameters->end() && functions->is_array()
                          ? functions_text(*functions)
                          : std::nullopt;
    const auto patience = parameters->find("patience_ms");
    if (!text || patience == parameters->end() || !patience->is_number_integer()) {
        return failure(ErrorKind::Malformed, "use the call's functions and patience_ms");
    }
    run.environment.push_back("SLOTD_FUNCTIONS=" + *text);
    run.patience = std::chrono::milliseconds(
        std::clamp<std::int64_t>(patience->get<std::int64_t>(), 0, kPatienceMsMax));
    return run;
}

std::string encode_reply(const HookAnswer& answer) {
    json parameters{{"proceed", answer.proceed}};
    if (!answer.reason.empty()) {
        parameters["reason"] = answer.reason;
    }
    return json_text({{"parameters", std::move(parameters)}}) + '\0';
}

std::string encode_hook_error(std::string_view what) {
    return json_text({{"error", "io.slotd.Hook.NotUnderstood"},
                      {"parameters", {{"what", std::string(what)}}}}) +
           '\0';
}

}  // namespace slotd::control
