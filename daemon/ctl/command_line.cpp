#include "daemon/ctl/command_line.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/time.hpp"
#include "control/message.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "event/request.hpp"
#include "os/control_socket.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

namespace {

constexpr std::array<std::string_view, 5> kVerbs{"list", "show", "reset", "watch", "version"};

constexpr const char* kFooter = R"(Examples:
  slotctl list
  slotctl show 0000:00:1c.0
  slotctl reset 3b:00.0 --reason "firmware update" --wait
  slotctl watch --json | jq -r .record.text
A SLOT is its port's address, its slot name, or the address of a function in it; the domain may be
left out where that is unambiguous.

Exit status:
  0  done
  1  the reset ran and failed
  2  wrong command line
  3  no such slot, or an ambiguous name
  4  slotd cannot be reached
  5  not permitted
  6  refused; nothing was touched
  7  no answer in time, or slotd went away: the outcome is unknown
  8  slotd's answer was not understood
  130, 143  ended by Ctrl-C or SIGTERM; a reset that was asked for goes on in slotd)";

constexpr const char* kResetFooter = R"(Methods:
  auto         the gentlest step that can help (default)
  flr          Function Level Reset, of one function
  bus, slot    secondary bus reset; through the hot-plug slot where there is one
  reenumerate  slot power off and on, or remove and rescan
Examples:
  slotctl reset 0000:3b:00.0 --method flr --reason "hung queue, ticket 4711" --wait
  slotctl reset 5 --reason "what would happen?" --dry-run
Without --wait it returns as soon as slotd has accepted; Ctrl-C in --wait ends the waiting, not
the reset.)";

constexpr const char* kWatchFooter =
    R"(Prints one line for each decision of slotd from now on, until Ctrl-C (exit status 130).
With --json one object a line: {"record": {...}}, with "missed": N when N records before it were
dropped.)";

/// Everything that CLI11 fills in.
struct Raw {
    std::string socket = os::kDefaultControlPath;
    bool json = false;
    std::string name;
    std::string method = "auto";
    std::string reason;
    bool dry_run = false;
    bool wait = false;
    double timeout = 0;
};

CLI::App* add_verb(CLI::App& app, Raw& raw, const std::string& name, const std::string& what) {
    CLI::App* const verb = app.add_subcommand(name, what);
    verb->add_flag("--json", raw.json, "print slotd's reply as JSON, one object a line");
    verb->add_option("--socket", raw.socket, "socket of slotd")->type_name("PATH");
    return verb;
}

void declare(CLI::App& app, Raw& raw) {
    app.set_help_flag("-h,--help", "print this help and exit");
    app.set_version_flag("--version", std::string("slotctl ") + SLOTD_VERSION);
    app.footer(kFooter);
    app.require_subcommand(1, 1);
    app.add_flag("--json", raw.json, "print slotd's reply as JSON, one object a line");
    app.add_option("--socket", raw.socket, "socket of slotd")->type_name("PATH");
    add_verb(app, raw, "list", "list the PCIe ports with their slots and cards");
    add_verb(app, raw, "show", "show everything about one slot")
        ->add_option("SLOT", raw.name, "which one")
        ->required();
    CLI::App* const reset =
        add_verb(app, raw, "reset", "reset the card of a slot, or one function");
    reset->footer(kResetFooter);
    reset->add_option("SLOT", raw.name, "slot, or function in one")->required();
    reset->add_option("--method", raw.method, "auto, flr, bus, slot or reenumerate")
        ->type_name("METHOD");
    reset->add_option("--reason", raw.reason, "why, for the log; at most 255 bytes")
        ->type_name("TEXT")
        ->required();
    reset->add_flag("--dry-run", raw.dry_run, "say what would be done, touch nothing");
    reset->add_flag("--wait", raw.wait, "show the progress, and end when the reset has ended");
    reset->add_option("--timeout", raw.timeout, "of --wait; the reset itself goes on")
        ->type_name("SECONDS");
    add_verb(app, raw, "watch", "print slotd's decisions as they are made")->footer(kWatchFooter);
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

std::variant<Invocation, Answered> checked_reset(const Raw& raw, bool with_timeout) {
    const auto method = event::reset_method_from_text(raw.method);
    if (!method) {
        return wrong("reset", "--method: \"" + raw.method +
                                  "\" is unknown; known: auto, flr, bus, slot, reenumerate");
    }
    if (is_blank(raw.reason)) {
        return wrong("reset", "--reason: say why, it goes into the log");
    }
    if (raw.reason.size() > control::kReasonBytesMax) {
        return wrong("reset", "--reason: longer than 255 bytes");
    }
    if (raw.dry_run && raw.wait) {
        return wrong("reset", "--dry-run and --wait: a dry run does nothing to wait for");
    }
    constexpr double kSecondsMax = 1e6;
    if (with_timeout && (!raw.wait || !(raw.timeout > 0) || raw.timeout > kSecondsMax)) {
        return wrong("reset", raw.wait ? "--timeout: write seconds, more than 0, at most 1000000"
                                       : "--timeout: only with --wait");
    }
    ResetCommand reset{raw.name, *method, raw.reason, raw.dry_run, raw.wait, std::nullopt};
    if (with_timeout) {
        reset.timeout =
            std::chrono::duration_cast<Duration>(std::chrono::duration<double>(raw.timeout));
    }
    return Invocation{std::move(reset), raw.socket, raw.json};
}

std::variant<Invocation, Answered> checked(const CLI::App& app, const Raw& raw) {
    const CLI::App* const verb = app.get_subcommands().front();
    const std::string name = verb->get_name();
    if ((name == "show" || name == "reset") &&
        (raw.name.empty() || raw.name.size() > control::kNameBytesMax)) {
        return wrong(name, "SLOT: write a name of 1 to 255 bytes");
    }
    if (name == "reset") {
        return checked_reset(raw, verb->count("--timeout") > 0);
    }
    Command command = ListCommand{};
    if (name == "show") {
        command = ShowCommand{raw.name};
    } else if (name == "watch") {
        command = WatchCommand{};
    } else if (name == "version") {
        command = VersionCommand{};
    }
    return Invocation{std::move(command), raw.socket, raw.json};
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
                             "; known: list, show, reset, watch, version");
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
