#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>

#include "action/incident.hpp"
#include "base/parse.hpp"
#include "base/time.hpp"
#include "control/history_reply.hpp"
#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/raw_command.hpp"
#include "daemon/ctl/since.hpp"
#include "daemon/ctl/span_of_time.hpp"
#include "event/request.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

namespace {

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return report::printable(text);
}

}  // namespace

Answered wrong(const std::string& verb, const std::string& what) {
    const std::string command = verb.empty() ? "slotctl" : "slotctl " + verb;
    return {ExitCode::Usage, "", "slotctl: " + one_line(what) + "\ntry '" + command + " --help'\n"};
}

namespace {

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\n") == std::string_view::npos;
}

/// What is wrong with the reason; nullopt when nothing is.
std::optional<Answered> wrong_reason(const std::string& verb, const Raw& raw) {
    if (is_blank(raw.reason)) {
        return wrong(verb, "--reason: say why, it goes into the log");
    }
    if (raw.reason.size() > control::kReasonBytesMax) {
        return wrong(verb, "--reason: longer than 255 bytes");
    }
    return std::nullopt;
}

Answered unknown_method(const std::string& verb, const Raw& raw) {
    return wrong(verb,
                 fmt::format("--method: \"{}\" is unknown; known: {}", raw.method, kMethodsText));
}

std::variant<Command, Answered> checked_reset(const Raw& raw, bool with_timeout) {
    const auto method = event::reset_method_from_text(raw.method);
    if (!method) {
        return unknown_method("reset", raw);
    }
    if (raw.dry_run && raw.wait) {
        return wrong("reset", "--dry-run and --wait: a dry run does nothing to wait for");
    }
    if (const auto mistake = raw.dry_run ? std::nullopt : wrong_reason("reset", raw)) {
        return *mistake;
    }
    constexpr double kSecondsMax = 1e6;
    if (with_timeout && (!raw.wait || !(raw.timeout > 0) || raw.timeout > kSecondsMax)) {
        return wrong("reset", raw.wait ? "--timeout: write seconds, more than 0, at most 1000000"
                                       : "--timeout: only with --wait");
    }
    ResetCommand reset{raw.name, *method,      raw.reason, raw.dry_run,
                       raw.wait, std::nullopt, raw.force};
    if (with_timeout) {
        reset.timeout =
            std::chrono::duration_cast<Duration>(std::chrono::duration<double>(raw.timeout));
    }
    return reset;
}

std::variant<Command, Answered> checked_hold(const Raw& raw, bool with_time) {
    if (const auto mistake = wrong_reason("hold", raw)) {
        return *mistake;
    }
    HoldCommand hold{raw.name, std::nullopt, raw.reason};
    if (with_time) {
        hold.lasts = span_from_text(raw.lasts);
        if (!hold.lasts) {
            return wrong("hold", "--for: \"" + raw.lasts +
                                     "\" is no time from 1s to 366d; write 90s, 30m, 2h, 7d or "
                                     "1h30m");
        }
    }
    return hold;
}

std::variant<Command, Answered> checked_history(const Raw& raw, const CLI::App& verb) {
    HistoryCommand history{raw.name, std::nullopt, std::nullopt, 0};
    if (verb.count("--incident") > 0) {
        history.incident = action::incident_from_text(raw.incident);
        if (!history.incident) {
            return wrong("history", "--incident: \"" + raw.incident +
                                        "\" is none; write its 16 hex digits, as SLOTD_INCIDENT");
        }
    }
    if (verb.count("--since") > 0) {
        history.since = since_from_text(raw.since);
        if (!history.since) {
            return wrong("history", "--since: \"" + raw.since +
                                        "\" is no time; write 2h, 7d, 2026-11-26 or "
                                        "\"2026-11-26 15:22\"");
        }
    }
    const auto limit = parse_unsigned<std::size_t>(raw.limit);
    if (!limit || *limit == 0 || *limit > control::kHistoryEntriesMax) {
        return wrong("history", fmt::format("--limit: write a number from 1 to {}",
                                            control::kHistoryEntriesMax));
    }
    history.limit = *limit;
    return history;
}

std::variant<Command, Answered> checked_timeline(const CLI::App& verb, const Raw& raw) {
    std::string incident = raw.name;
    std::ranges::transform(incident, incident.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (incident != "last" && (incident.empty() || incident.size() > 16 ||
                               incident.find_first_not_of(kDigits) != std::string::npos)) {
        return wrong("timeline", "INCIDENT: write 1 to 16 hexadecimal digits, or last");
    }
    TimelineCommand timeline{std::move(incident), std::nullopt, std::nullopt};
    if (verb.count("--html") > 0) {
        if (raw.json) {
            return wrong("timeline", "--html and --json: choose one");
        }
        timeline.html = raw.html;
    }
    if (verb.count("--journal") > 0) {
        timeline.journal = raw.journal;
    }
    return timeline;
}

std::variant<Command, Answered> checked_replay(const Raw& raw) {
    if (raw.config.empty()) {
        return wrong("replay", "--config: name the other configuration's file");
    }
    return ReplayCommand{raw.name, raw.config};
}

std::variant<Command, Answered> checked_metrics(const Raw& raw, bool to_file) {
    if (to_file && raw.textfile.empty()) {
        return wrong("metrics", "--textfile: write the path of the file");
    }
    if (to_file && raw.json) {
        return wrong("metrics", "--textfile and --json: the file has a format of its own");
    }
    return MetricsCommand{raw.textfile};
}
}  // namespace

std::variant<Command, Answered> checked_command(const CLI::App& verb, const Raw& raw) {
    const std::string name = verb.get_name();
    if (name == "timeline") {
        return checked_timeline(verb, raw);
    }
    if (name == "replay") {
        return checked_replay(raw);
    }
    const bool may_name_one = name == "history" || name == "config" || name == "doctor";
    const bool about_a_slot =
        verb.get_option_no_throw("SLOT") != nullptr && (!may_name_one || verb.count("SLOT") > 0);
    if (about_a_slot && (raw.name.empty() || raw.name.size() > control::kNameBytesMax)) {
        return wrong(name, "SLOT: write a name of 1 to 255 bytes");
    }
    if (name == "show") {
        return ShowCommand{raw.name};
    }
    if (name == "reset") {
        return checked_reset(raw, verb.count("--timeout") > 0);
    }
    if (name == "plan") {
        const auto method = event::reset_method_from_text(raw.method);
        return method ? std::variant<Command, Answered>(PlanCommand{raw.name, *method})
                      : unknown_method(name, raw);
    }
    if (name == "hold") {
        return checked_hold(raw, verb.count("--for") > 0);
    }
    if (name == "release") {
        const auto mistake = wrong_reason(name, raw);
        return mistake ? std::variant<Command, Answered>(*mistake)
                       : ReleaseCommand{raw.name, raw.reason};
    }
    if (name == "reload") {
        if (verb.count("--reason") == 0) {
            return ReloadCommand{"slotctl reload"};
        }
        const auto mistake = wrong_reason(name, raw);
        return mistake ? std::variant<Command, Answered>(*mistake) : ReloadCommand{raw.reason};
    }
    if (name == "config") {
        return ConfigCommand{raw.name};
    }
    if (name == "history") {
        return checked_history(raw, verb);
    }
    if (name == "top") {
        return raw.json ? std::variant<Command, Answered>(
                              wrong(name,
                                    "--json: top draws a screen; 'slotctl watch --json' has the "
                                    "same, as lines"))
                        : TopCommand{};
    }
    if (name == "watch") {
        return WatchCommand{};
    }
    if (name == "check") {
        return CheckCommand{raw.npd ? CheckFor::NodeProblemDetector : CheckFor::Nagios};
    }
    if (name == "doctor") {
        return about_a_slot ? DoctorCommand{raw.name} : DoctorCommand{};
    }
    if (name == "metrics") {
        return checked_metrics(raw, verb.count("--textfile") > 0);
    }
    return name == "version" ? Command{VersionCommand{}} : Command{ListCommand{}};
}

}  // namespace slotd::ctl
