#include "daemon/ctl/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/raw_command.hpp"
#include "daemon/ctl/terminal.hpp"

namespace slotd::ctl {

namespace {

constexpr std::array<std::string_view, 17> kVerbs{
    "list", "show",  "plan",  "reset",  "hold",     "release", "reload",  "config", "history",
    "top",  "watch", "check", "doctor", "timeline", "replay",  "metrics", "version"};

/// The verb that the line is about, for the hint; CLI11 forgets it when it fails.
std::string verb_in(const std::vector<std::string>& arguments) {
    const auto at = std::ranges::find_if(arguments, [](const std::string& argument) {
        return std::ranges::find(kVerbs, argument) != kVerbs.end();
    });
    return at == arguments.end() ? std::string{} : *at;
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
    declare_verbs(app, raw);
    const std::string verb = verb_in(arguments);
    if (verb.empty() && (arguments.empty() || !arguments.front().starts_with('-'))) {
        // CLI11 says "A subcommand is required" to both, which is true and helps nobody.
        return wrong("", (arguments.empty() ? std::string("no command")
                                            : "unknown command \"" + arguments.front() + "\"") +
                             fmt::format("; known: {}", fmt::join(kVerbs, ", ")));
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
