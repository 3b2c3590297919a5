#include "control/doctor_json.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/result.hpp"
#include "control/doctor_call.hpp"
#include "control/json_fields.hpp"
#include "event/casebook.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"
#include "report/checkup.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

json or_null(const std::optional<std::string>& text) {
    return text ? json(*text) : json(nullptr);
}

json of_traits(const event::SlotTraits& traits) {
    return {{"hotplug", traits.hotplug},
            {"surprise", traits.surprise},
            {"power_controller", traits.power_controller}};
}

json of_notes(const report::SlotNotes& notes) {
    json unasked = json::array();
    for (const event::UnaskedDriver& one : notes.unasked) {
        unasked.push_back({{"function", one.function.to_string()}, {"driver", one.driver}});
    }
    return {{"port", notes.port.to_string()},
            {"traits", notes.traits ? of_traits(*notes.traits) : json(nullptr)},
            {"unasked", std::move(unasked)}};
}

std::optional<std::string> optional_text(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? std::optional(at->get<std::string>())
                                                 : std::nullopt;
}

Result<report::SlotNotes> notes_from(const json& object) {
    const auto port = pci::Address::parse(text_at(object, "port"));
    if (!port) {
        return wrong_field("port");
    }
    report::SlotNotes notes{.port = *port};
    if (const auto traits = object.find("traits"); traits != object.end() && traits->is_object()) {
        notes.traits = event::SlotTraits{.hotplug = flag_at(*traits, "hotplug"),
                                         .surprise = flag_at(*traits, "surprise"),
                                         .power_controller = flag_at(*traits, "power_controller")};
    }
    for (const json& one : object.at("unasked")) {
        const auto function = pci::Address::parse(text_at(one, "function"));
        if (!function) {
            return wrong_field("function");
        }
        notes.unasked.push_back({*function, text_at(one, "driver")});
    }
    return notes;
}

}  // namespace

json of_doctor(const report::DaemonNotes& notes) {
    const report::DaemonFacts& daemon = notes.daemon;
    json slots = json::array();
    for (const report::SlotNotes& slot : notes.slots) {
        slots.push_back(of_notes(slot));
    }
    return {{"version", daemon.version},
            {"sysfs", daemon.sysfs},
            {"trace_problem", or_null(daemon.trace_problem)},
            {"trace_unseen", daemon.trace_unseen},
            {"history_problem", or_null(daemon.history_problem)},
            {"executor_problem", or_null(daemon.executor_problem)},
            {"executor_deaths", daemon.executor_deaths},
            {"hooks", daemon.hooks},
            {"hooks_problem", or_null(daemon.hooks_problem)},
            {"automatic_action", daemon.automatic_action},
            {"recoveries",
             {{"began", daemon.recoveries.began},
              {"succeeded", daemon.recoveries.succeeded},
              {"failed", daemon.recoveries.failed},
              {"unannounced", daemon.recoveries.unannounced}}},
            {"slots", std::move(slots)}};
}

Result<report::DaemonNotes> doctor_from(const json& object) {
    const json& recoveries = object.at("recoveries");
    const std::uint64_t deaths = std::min<std::uint64_t>(number_at(object, "executor_deaths"),
                                                         std::numeric_limits<std::uint32_t>::max());
    report::DaemonNotes notes{
        .daemon = {.version = text_at(object, "version"),
                   .sysfs = text_at(object, "sysfs"),
                   .trace_problem = optional_text(object, "trace_problem"),
                   .trace_unseen = texts_at(object, "trace_unseen"),
                   .history_problem = optional_text(object, "history_problem"),
                   .executor_problem = optional_text(object, "executor_problem"),
                   .executor_deaths = static_cast<std::uint32_t>(deaths),
                   .hooks = texts_at(object, "hooks"),
                   .hooks_problem = optional_text(object, "hooks_problem"),
                   .automatic_action = flag_at(object, "automatic_action"),
                   .recoveries = {.began = number_at(recoveries, "began"),
                                  .succeeded = number_at(recoveries, "succeeded"),
                                  .failed = number_at(recoveries, "failed"),
                                  .unannounced = number_at(recoveries, "unannounced")}},
        .slots = {}};
    for (const json& one : object.at("slots")) {
        auto slot = notes_from(one);
        if (!slot) {
            return std::unexpected(std::move(slot.error()));
        }
        notes.slots.push_back(std::move(*slot));
    }
    return notes;
}

Result<DoctorReply> decode_doctor(std::string_view parameters) {
    const auto object = checked_reply(parameters, "Doctor");
    if (!object) {
        return std::unexpected(object.error());
    }
    auto notes = doctor_from(*object);
    if (!notes) {
        return std::unexpected(std::move(notes.error()));
    }
    return DoctorReply{std::move(*notes)};
}

}  // namespace slotd::control
