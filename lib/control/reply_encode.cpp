#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "action/incident.hpp"
#include "action/record.hpp"
#include "base/json.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "control/doctor_call.hpp"
#include "control/doctor_json.hpp"
#include "control/fault.hpp"
#include "control/history_json.hpp"
#include "control/history_reply.hpp"
#include "control/interface.hpp"
#include "control/message.hpp"
#include "control/plan_json.hpp"
#include "control/plan_reply.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

json address_or_null(const std::optional<pci::Address>& address) {
    return address ? json(address->to_string()) : json(nullptr);
}

json seconds_or_null(const std::optional<Duration>& time) {
    // Rounded up: a hold that is over in less than a second is still one.
    return time ? json(std::chrono::ceil<std::chrono::seconds>(*time).count()) : json(nullptr);
}

json of_function(const pci::Function& function) {
    return {{"address", function.address.to_string()},
            {"driver", function.driver},
            {"identity", function.identity.to_string()}};
}

json incident_or_null(std::uint64_t incident) {
    return incident != 0 ? json(action::incident_text(incident)) : json(nullptr);
}

json of_link(const pci::Link& link) {
    return {{"up", link.up ? json(*link.up) : json(nullptr)},
            {"speed", pci::speed_in_mts(link.speed)},
            {"width", link.width},
            {"speed_max", pci::speed_in_mts(link.speed_max)},
            {"width_max", link.width_max}};
}

json of_slot(const coordinator::SlotStatus& slot) {
    json functions = json::array();
    for (const pci::Function& function : slot.functions) {
        functions.push_back(of_function(function));
    }
    json path = json::array();
    for (const pci::Address& bridge : slot.path) {
        path.push_back(bridge.to_string());
    }
    return {{"port", slot.port.to_string()},
            {"root_port", slot.root_port.to_string()},
            {"slot", slot.slot},
            {"phase", slot.phase},
            {"reason", slot.reason},
            {"level", policy::to_text(slot.level)},
            {"incident", slot.incident},
            {"automatic_action", slot.automatic_action},
            {"budget_left", slot.budget_left},
            {"held_by", slot.held_by},
            {"held_seconds", seconds_or_null(slot.held_for)},
            {"quarantine", slot.quarantine},
            {"occupied", slot.occupied},
            {"functions", std::move(functions)},
            {"gates", slot.gates},
            {"path", std::move(path)},
            {"link", slot.link ? of_link(*slot.link) : json(nullptr)},
            {"incident_id", incident_or_null(slot.incident)}};
}

json of_record(const action::Record& record) {
    return {{"priority", static_cast<int>(record.priority)},
            {"kind", action::to_text(record.kind)},
            {"port", address_or_null(record.port)},
            {"slot", record.slot},
            {"incident", record.incident},
            {"attempt", record.attempt},
            {"phase", record.phase},
            {"text", record.text},
            {"incident_id", incident_or_null(record.incident)}};
}

json of_reset(const ResetReply& reset) {
    json parameters{{"state", to_text(reset.state)},
                    {"request", reset.request},
                    {"port", reset.port.to_string()}};
    if (reset.function) {
        parameters["function"] = reset.function->to_string();
    }
    if (reset.state == ResetState::Planned) {
        parameters["plan"] = reset.plan;
    }
    if (reset.record) {
        parameters["record"] = of_record(*reset.record);
    }
    if (reset.end) {
        parameters["succeeded"] = reset.end->succeeded;
        parameters["outcome"] = reset.end->outcome;
        parameters["text"] = reset.end->text;
    }
    return parameters;
}

json parameters_of(const Reply& reply) {
    return std::visit(Overloaded{
                          [](const InfoReply& one) -> json {
                              return {{"vendor", "slotd"},
                                      {"product", "slotd"},
                                      {"version", one.version},
                                      {"url", ""},
                                      {"interfaces", {kServiceInterface, kCoordinatorInterface}}};
                          },
                          [](const DescriptionReply& one) -> json {
                              return {{"description", one.description}};
                          },
                          [](const SlotsReply&) -> json {
                              return {{"slots", json::array()}};
                          },
                          [](const SlotReply& one) -> json {
                              return {{"slot", of_slot(one.slot)}};
                          },
                          [](const ResetReply& one) { return of_reset(one); },
                          [](const PlanReply& one) { return of_plan(one); },
                          [](const DoneReply& one) -> json {
                              return {{"request", one.request},
                                      {"port", one.port.to_string()},
                                      {"text", one.text}};
                          },
                          [](const ReloadReply& one) -> json {
                              return {{"changed", one.changed},
                                      {"after_restart", one.after_restart},
                                      {"text", one.text}};
                          },
                          [](const ConfigReply& one) -> json {
                              return {{"toml", one.toml},
                                      {"files", one.files},
                                      {"port", address_or_null(one.port)},
                                      {"rules", one.rules}};
                          },
                          [](const HistoryReply& one) { return of_history(one); },
                          [](const DoctorReply& one) { return of_doctor(one.notes); },
                          [](const RecordReply& one) {
                              json parameters{{"record", of_record(one.record)}};
                              if (one.missed != 0) {
                                  parameters["missed"] = one.missed;
                              }
                              return parameters;
                          },
                          [](const MetricsReply& one) -> json {
                              return {{"text", one.text}};
                          },
                          [](const VersionReply& one) -> json {
                              return {{"version", one.version}};
                          },
                      },
                      reply);
}

struct NamedError {
    std::string name;
    json parameters = json::object();
};

NamedError of_coordinator(const char* name, json parameters = json::object()) {
    return {std::string(kCoordinatorInterface) + "." + name, std::move(parameters)};
}

NamedError of_service(const char* name, json parameters = json::object()) {
    return {std::string(kServiceInterface) + "." + name, std::move(parameters)};
}

NamedError error_of(const Fault& fault) {
    return std::visit(
        Overloaded{
            [](const NoSuchSlot& one) {
                return of_coordinator("NoSuchSlot",
                                      {{"name", one.name}, {"candidates", one.candidates}});
            },
            [](const AmbiguousSlot& one) {
                return of_coordinator("AmbiguousSlot",
                                      {{"name", one.name}, {"candidates", one.candidates}});
            },
            [](const NotPermitted& one) {
                return of_coordinator("NotPermitted", {{"reason", one.reason}});
            },
            [](const TooManyClients&) { return of_coordinator("TooManyClients"); },
            [](const Refused& one) {
                return of_coordinator("Refused", {{"reason", one.reason}});
            },
            [](const InUse& one) {
                return of_coordinator("InUse", {{"reason", one.reason}});
            },
            [](const BadConfiguration& one) {
                return of_coordinator("BadConfiguration", {{"mistakes", one.mistakes}});
            },
            [](const MalformedMessage& one) {
                return of_coordinator("MalformedMessage", {{"reason", one.reason}});
            },
            [](const MessageTooLarge& one) {
                return of_coordinator("MessageTooLarge", {{"bytes_max", one.bytes_max}});
            },
            [](const InterfaceNotFound& one) {
                return of_service("InterfaceNotFound", {{"interface", one.interface}});
            },
            [](const MethodNotFound& one) {
                return of_service("MethodNotFound", {{"method", one.method}});
            },
            [](const InvalidParameter& one) {
                return of_service("InvalidParameter", {{"parameter", one.parameter}});
            },
            [](const ExpectedMore&) { return of_service("ExpectedMore"); },
            [](const UnknownFault& one) {
                return NamedError{one.name, json::object()};
            },
        },
        fault);
}

/// Slot by slot: of thousands the text alone is megabytes, and as values many times that.
std::string texts_of(const std::vector<coordinator::SlotStatus>& slots) {
    std::string text;
    for (const coordinator::SlotStatus& slot : slots) {
        text += (text.empty() ? "" : ",") + json_text(of_slot(slot));
    }
    return text;
}

}  // namespace

std::string encode_reply(const Reply& reply, bool continues) {
    json message{{"parameters", parameters_of(reply)}};
    if (continues) {
        message["continues"] = true;
    }
    std::string text = json_text(message);
    if (const auto* const many = std::get_if<SlotsReply>(&reply)) {
        text.insert(text.rfind(']'), texts_of(many->slots));
    }
    text += '\0';
    return text;
}

std::string encode_fault(const Fault& fault) {
    NamedError error = error_of(fault);
    json message{{"error", std::move(error.name)}};
    if (!error.parameters.empty()) {
        message["parameters"] = std::move(error.parameters);
    }
    return json_text(message) + '\0';
}

}  // namespace slotd::control
