#include "daemon/ctl/since.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.hpp"
#include "daemon/ctl/span_of_time.hpp"

namespace slotd::ctl {

namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::optional<std::tm> parts_of(const std::string& text) {
    for (const char* const form : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
                                   "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
        std::tm parts{};
        const char* const end = ::strptime(text.c_str(), form, &parts);
        if (end != nullptr && *end == '\0') {
            parts.tm_isdst = -1;  // whether it was summer is for the time zone to say
            return parts;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Since> since_from_text(std::string_view text) {
    if (const auto span = span_from_text(text)) {
        return Since(*span);
    }
    const bool utc = text.ends_with('Z');
    auto parts = parts_of(std::string(utc ? text.substr(0, text.size() - 1) : text));
    if (!parts) {
        return std::nullopt;
    }
    const std::time_t seconds = utc ? ::timegm(&*parts) : std::mktime(&*parts);
    return seconds >= 0 ? std::optional(Since(std::int64_t{seconds} * kSecond)) : std::nullopt;
}

std::int64_t microseconds_of(const Since& since, std::int64_t now_us) {
    const auto* const ago = std::get_if<Duration>(&since);
    const std::int64_t at =
        ago != nullptr
            ? now_us - std::chrono::duration_cast<std::chrono::microseconds>(*ago).count()
            : std::get<std::int64_t>(since);
    return std::max<std::int64_t>(at, 0);
}

std::string local_date_and_time(std::int64_t realtime_us) {
    const auto seconds = static_cast<std::time_t>(realtime_us / kSecond);
    std::tm parts{};
    if (::localtime_r(&seconds, &parts) == nullptr) {
        return "at an unknown time ";  // as wide as a time
    }
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace slotd::ctl
