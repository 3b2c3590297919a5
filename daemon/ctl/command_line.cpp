#include "daemon/ctl/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include "action/incident.hpp"
#include "base/parse.hpp"
#include "base/time.hpp"
#include "control/history_reply.hpp"
#include "control/message.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/help.hpp"
#include "daemon/ctl/since.hpp"
#include "daemon/ctl/span_of_time.hpp"
#include "daemon/ctl/terminal.hpp"
#include "event/request.hpp"
#include "os/control_socket.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

namespace {

constexpr std::array<std::string_view, 17> kVerbs{
    "list", "show",  "plan",  "reset",  "hold",     "release", "reload",  "config", "history",
    "top",  "watch", "check", "doctor", "timeline", "replay",  "metrics", "version"};
constexpr std::string_view kVerbsText =
    "list, show, plan, reset, hold, release, reload, config, history, top, watch, check, doctor, "
    "timeline, replay, metrics, version";
constexpr std::string_view kMethodsText = "auto, flr, bus, slot, vfio, reenumerate";

/// Everything that CLI11 fills in.
struct Raw {
    std::string socket = os::kDefaultControlPath;
    bool json = false;
    std::string colour = "auto";
    std::string name;
    std::string method = "auto";
    std::string reason;
    bool dry_run = false;
    bool wait = false;
    bool force = false;
    bool npd = false;
    double timeout = 0;
    std::string lasts;
    std::string incident;
    std::string since;
    std::string limit = "100";
    std::string html;
    std::string journal;
    std::string config;
    std::string textfile;
};

/// Before the verb or behind it.
void add_common(CLI::App& app, Raw& raw) {
    app.add_flag("--json", raw.json, "print slotd's reply as JSON, one object a line");
    app.add_option("--color", raw.colour, "auto, always or never; auto: on a terminal")
        ->type_name("WHEN");
    app.add_option("--socket", raw.socket, "socket of slotd")->type_name("PATH");
}

CLI::App* add_verb(CLI::App& app, Raw& raw, const std::string& name, const std::string& what) {
    CLI::App* const verb = app.add_subcommand(name, what);
    add_common(*verb, raw);
    return verb;
}

void add_slot(CLI::App* verb, Raw& raw) {
    verb->add_option("SLOT", raw.name, "slot, or function in one")->required();
}

void add_method(CLI::App* verb, Raw& raw) {
    verb->add_option("--method", raw.method, std::string(kMethodsText))->type_name("METHOD");
}

/// Whether there must be one is checked later: CLI11 says less about it.
void add_reason(CLI::App* verb, Raw& raw) {
    verb->add_option("--reason", raw.reason, "why, for the log; at most 255 bytes")
        ->type_name("TEXT");
}

void declare_reset(CLI::App* reset, Raw& raw) {
    reset->footer(std::string(help::kMethods) + help::kReset);
    add_slot(reset, raw);
    add_method(reset, raw);
    add_reason(reset, raw);
    reset->add_flag("--dry-run", raw.dry_run, "show the plan, touch nothing");
    reset->add_flag("--force", raw.force, "although the card is in use");
    reset->add_flag("--wait", raw.wait, "show the progress, and end when the reset has ended");
    reset->add_option("--timeout", raw.timeout, "of --wait; the reset itself goes on")
        ->type_name("SECONDS");
}

void declare_history(CLI::App* history, Raw& raw) {
    history->footer(help::kHistory);
    history->add_option("SLOT", raw.name, "slot, or function in one; else all of them");
    history->add_option("--incident", raw.incident, "of this incident alone")->type_name("ID");
    history->add_option("--since", raw.since, "not older, as 2h, 7d or 2026-11-26")
        ->type_name("TIME");
    history->add_option("--limit", raw.limit, "the newest so many, at most 999 (default 100)")
        ->type_name("N");
}

/// Those that read the journal and ask nobody.
void declare_journal_verbs(CLI::App& app, Raw& raw) {
    CLI::App* const timeline = add_verb(app, raw, "timeline", "draw an incident from the journal");
    timeline->footer(help::kTimeline);
    timeline->add_option("INCIDENT", raw.name, "its number, the beginning of it, or last")
        ->required();
    timeline->add_option("--html", raw.html, "write a page for a browser there; - for stdout")
        ->type_name("FILE");
    timeline->add_option("--journal", raw.journal, "a journal file, or a directory of them")
        ->type_name("PATH");
    CLI::App* const replay = add_verb(
        app, raw, "replay", "tell what another configuration would have done with this history");
    replay->footer(help::kReplay);
    replay->add_option("JOURNAL", raw.name, "a journal file, a directory of them, or local")
        ->required();
    replay->add_option("--config", raw.config, "the other configuration")->type_name("FILE");
}

void declare(CLI::App& app, Raw& raw) {
    app.set_help_flag("-h,--help", "print this help and exit");
    app.set_version_flag("--version", std::string("slotctl ") + SLOTD_VERSION);
    app.footer(help::kFooter);
    app.require_subcommand(1, 1);
    add_common(app, raw);
    add_verb(app, raw, "list", "list the PCIe ports with their slots and cards");
    add_slot(add_verb(app, raw, "show", "show everything about one slot"), raw);
    CLI::App* const plan =
        add_verb(app, raw, "plan", "show what a reset would do and whom it would disturb");
    plan->footer(std::string(help::kMethods) + help::kPlan);
    add_slot(plan, raw);
    add_method(plan, raw);
    declare_reset(add_verb(app, raw, "reset", "reset the card of a slot, or one function"), raw);
    CLI::App* const hold =
        add_verb(app, raw, "hold", "have slotd keep its hands off a slot for a while");
    hold->footer(help::kHold);
    add_slot(hold, raw);
    add_reason(hold, raw);
    hold->add_option("--for", raw.lasts, "how long, as 30m or 2h; else until released")
        ->type_name("TIME");
    CLI::App* const release = add_verb(app, raw, "release", "end a hold or a quarantine");
    release->footer(help::kRelease);
    add_slot(release, raw);
    add_reason(release, raw);
    CLI::App* const reload =
        add_verb(app, raw, "reload", "have slotd read its configuration files again");
    reload->footer(help::kReload);
    add_reason(reload, raw);
    CLI::App* const config =
        add_verb(app, raw, "config", "print the configuration in force, defaults included");
    config->footer(help::kConfig);
    config->add_option("SLOT", raw.name, "only what is in force for this slot");
    declare_history(add_verb(app, raw, "history", "show what slotd remembers, over restarts too"),
                    raw);
    add_verb(app, raw, "top", "show the ports on the whole screen, as they change")
        ->footer(help::kTop);
    add_verb(app, raw, "watch", "print slotd's decisions as they are made")->footer(help::kWatch);
    CLI::App* const check =
        add_verb(app, raw, "check", "tell a monitoring system how the slots are");
    check->footer(help::kCheck);
    check->add_flag("--npd", raw.npd, "exit codes of node-problem-detector, not of Nagios");
    CLI::App* const doctor = add_verb(
        app, raw, "doctor", "examine machine and slots: what is guaranteed, what could be better");
    doctor->footer(help::kDoctor);
    doctor->add_option("SLOT", raw.name, "slot, or function in one; else all");
    declare_journal_verbs(app, raw);
    CLI::App* const metrics =
        add_verb(app, raw, "metrics", "print counters and gauges for a monitoring system");
    metrics->footer(help::kMetrics);
    metrics->add_option("--textfile", raw.textfile, "write them for node_exporter instead")
        ->type_name("PATH");
    add_verb(app, raw, "version", "print the versions of slotctl and slotd");
}

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return report::printable(text);
}

Answered wrong(const std::string& verb, const std::string& what) {
    const std::string command = verb.empty() ? "slotctl" : "slotctl " + verb;
    return {ExitCode::Usage, "", "slotctl: " + one_line(what) + "\ntry '" + command + " --help'\n"};
}

/// The verb that the line is about, for the hint; CLI11 forgets it when it fails.
std::string verb_in(const std::vector<std::string>& arguments) {
    const auto at = std::ranges::find_if(arguments, [](const std::string& argument) {
        return std::ranges::find(kVerbs, argument) != kVerbs.end();
    });
    return at == arguments.end() ? std::string{} : *at;
}

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

std::optional<Colour> colour_from_text(std::string_view text) {
    return text == "auto"     ? std::optional(Colour::Auto)
           : text == "always" ? std::optional(Colour::Always)
           : text == "never"  ? std::optional(Colour::Never)
                              : std::nullopt;
}

std::variant<Invocation, Answered> checked(const CLI::App& app, const Raw& raw) {
    const CLI::App& verb = *app.get_subcommands().front();
    auto command = checked_command(verb, raw);
    if (auto* const mistake = std::get_if<Answered>(&command)) {
        return std::move(*mistake);
    }
    const auto colour = colour_from_text(raw.colour);
    if (!colour) {
        return wrong(verb.get_name(),
                     "--color: \"" + raw.colour + "\" is unknown; known: auto, always, never");
    }
    return Invocation{std::get<Command>(std::move(command)), raw.socket, raw.json, *colour};
}

}  // namespace

std::variant<Invocation, Answered> parse_command_line(std::vector<std::string> arguments) {
    Raw raw;
    CLI::App app("Ask slotd about this machine's PCIe slots, and have it reset cards.", "slotctl");
    declare(app, raw);
    const std::string verb = verb_in(arguments);
    if (verb.empty() && (arguments.empty() || !arguments.front().starts_with('-'))) {
        // CLI11 says "A subcommand is required" to both, which is true and helps nobody.
        return wrong("", (arguments.empty() ? std::string("no command")
                                            : "unknown command \"" + arguments.front() + "\"") +
                             "; known: " + std::string(kVerbsText));
    }
    std::ranges::reverse(arguments);  // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        const auto verbs = app.get_subcommands();
        return Answered{ExitCode::Ok, verbs.empty() ? app.help() : verbs.front()->help("slotctl"),
                        ""};
    } catch (const CLI::CallForVersion& version) {
        return Answered{ExitCode::Ok, std::string(version.what()) + "\n", ""};
    } catch (const CLI::ParseError& mistake) {
        return wrong(verb, mistake.what());
    }
    return checked(app, raw);
}

}  // namespace slotd::ctl
