#include "control/history_json.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "action/incident.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "control/history_reply.hpp"
#include "control/json_fields.hpp"
#include "pci/address.hpp"
#include "report/history_list.hpp"
#include "report/wall_time.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;
using report::HistoryItem;

json or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

json or_null(const std::optional<bool>& flag) {
    return flag ? json(*flag) : json(nullptr);
}

json of_item(const HistoryItem& item) {
    using std::chrono::ceil;
    using std::chrono::seconds;
    return {{"seq", item.seq},
            {"time", report::iso_time(item.realtime_us)},
            {"time_us", item.realtime_us},
            {"kind", item.kind},
            {"port", item.port ? json(item.port->to_string()) : json(nullptr)},
            {"slot", or_null(item.slot)},
            {"incident_id",
             item.incident != 0 ? json(action::incident_text(item.incident)) : json(nullptr)},
            {"attempt", item.attempt != 0 ? json(item.attempt) : json(nullptr)},
            {"step", or_null(item.step)},
            {"automatic", or_null(item.automatic)},
            {"by", or_null(item.by)},
            {"seconds", item.lasts ? json(ceil<seconds>(*item.lasts).count()) : json(nullptr)},
            {"well", or_null(item.well)},
            {"ambiguous", or_null(item.ambiguous)},
            {"text", item.text}};
}

std::optional<bool> flag_or_none(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_boolean() ? std::optional(at->get<bool>()) : std::nullopt;
}

std::optional<Duration> lasts_at(const json& object) {
    // As long as a hold may be; beyond that it overflows.
    constexpr std::uint64_t kSecondsMax = 292ULL * 365 * 24 * 3600;
    const std::uint64_t seconds = number_at(object, "seconds");
    return seconds != 0
               ? std::optional<Duration>(std::chrono::seconds(std::min(seconds, kSecondsMax)))
               : std::nullopt;
}

HistoryItem item_from(const json& object) {
    HistoryItem item;
    item.seq = number_at(object, "seq");
    item.realtime_us = object.at("time_us").get<std::int64_t>();
    item.kind = text_at(object, "kind");
    item.port = pci::Address::parse(text_at(object, "port"));
    item.slot = text_at(object, "slot");
    item.incident = action::incident_from_text(text_at(object, "incident_id")).value_or(0);
    item.attempt = static_cast<std::uint32_t>(number_at(object, "attempt"));
    item.step = text_at(object, "step");
    item.automatic = flag_or_none(object, "automatic");
    item.by = text_at(object, "by");
    item.lasts = lasts_at(object);
    item.well = flag_or_none(object, "well");
    item.ambiguous = flag_or_none(object, "ambiguous");
    item.text = text_at(object, "text");
    return item;
}

}  // namespace

json of_history(const HistoryReply& history) {
    json entries = json::array();
    for (const HistoryItem& item : history.items) {
        entries.push_back(of_item(item));
    }
    return {{"entries", std::move(entries)}, {"more", history.more}};
}

HistoryReply history_from(const json& object) {
    HistoryReply history;
    for (const json& one : object.at("entries")) {
        history.items.push_back(item_from(one));
    }
    history.more = flag_at(object, "more");
    return history;
}

}  // namespace slotd::control
