#include "control/hook.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "action/incident.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "control/message.hpp"
#include "pci/topology.hpp"
#include "report/printable.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

constexpr std::string_view kInterface =
    R"(# What slotd asks before it touches a card, and tells after
interface io.slotd.Hook

type Function (address: string, driver: string)

# Asked before each attempt. A hook that objects, or does not answer within patience_ms, keeps
# slotd from the step; its reason is what the operator reads.
method BeforeStep(
  port: string,
  slot: string,
  step: string,
  functions: []Function,
  incident: string,
  automatic: bool,
  forced: bool,
  asked_by: string,
  patience_ms: int
) -> (proceed: bool, reason: ?string)

# The attempt has ended. Nobody waits for the answer.
method AfterStep(port: string, incident: string, well: bool, how: string) -> ()
)";

std::string call(const char* method, json parameters) {
    json message;
    message["method"] = std::string("io.slotd.Hook.") + method;
    message["parameters"] = std::move(parameters);
    return json_text(message) + '\0';
}

std::string cut_reason(const std::string& text) {
    return report::cut(report::printable(text), kReasonBytesMax);
}

}  // namespace

std::string_view hook_interface_text() {
    return kInterface;
}

std::string encode_call(const HookQuestion& question) {
    json parameters;
    parameters["port"] = question.port.to_string();
    parameters["slot"] = question.slot;
    parameters["step"] = question.step;
    parameters["functions"] = json::array();
    for (const pci::Function& function : question.functions) {
        parameters["functions"].push_back(
            {{"address", function.address.to_string()}, {"driver", function.driver}});
    }
    parameters["incident"] = action::incident_text(question.incident);
    parameters["automatic"] = question.automatic;
    parameters["forced"] = question.forced;
    parameters["asked_by"] = question.asked_by;
    parameters["patience_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(question.patience).count();
    return call("BeforeStep", std::move(parameters));
}

std::string encode_call(const HookEnd& end) {
    json parameters;
    parameters["port"] = end.port.to_string();
    parameters["incident"] = action::incident_text(end.incident);
    parameters["well"] = end.well;
    parameters["how"] = end.how;
    return call("AfterStep", std::move(parameters));
}

Result<HookAnswer> decode_hook_reply(std::string_view message) {
    const auto malformed = [](const char* what) {
        return failure(ErrorKind::Malformed, std::string("understand the hook's reply: ") + what);
    };
    if (message.size() > kCallBytesMax) {
        return malformed("it is longer than 64 KiB");
    }
    auto reply = parse_json_object(message);
    if (!reply) {
        return std::unexpected(std::move(reply.error()));
    }
    const auto error = reply->find("error");
    if (error != reply->end()) {
        return error->is_string() && !error->get_ref<const std::string&>().empty()
                   ? Result<HookAnswer>(HookAnswer{false, cut_reason(error->get<std::string>())})
                   : malformed("its error names nothing");
    }
    const auto parameters = reply->find("parameters");
    if (parameters == reply->end() || !parameters->is_object()) {
        return malformed("it has no parameters");
    }
    const auto proceed = parameters->find("proceed");
    if (proceed == parameters->end() || !proceed->is_boolean()) {
        return malformed("it has no proceed, true or false");
    }
    HookAnswer answer{proceed->get<bool>(), {}};
    const auto reason = parameters->find("reason");
    if (reason != parameters->end() && !reason->is_null()) {
        if (!reason->is_string()) {
            return malformed("its reason is no text");
        }
        answer.reason = cut_reason(reason->get<std::string>());
    }
    if (!answer.proceed && answer.reason.empty()) {
        answer.reason = "it gave no reason";
    }
    return answer;
}

}  // namespace slotd::control
