#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <CLI/CLI.hpp>

#include "daemon/ctl/command_line.hpp"
#include "os/control_socket.hpp"

namespace slotd::ctl {

/// What --method takes.
inline constexpr std::string_view kMethodsText = "auto, flr, bus, slot, vfio, reenumerate";

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

/// Every verb with its options, which are put into `raw`; it outlives `app`.
void declare_verbs(CLI::App& app, Raw& raw);
/// Before the verb or behind it.
void add_common(CLI::App& app, Raw& raw);

/// What CLI11 cannot judge: whether the words of this verb make sense.
std::variant<Command, Answered> checked_command(const CLI::App& verb, const Raw& raw);
/// "slotctl: WHAT", and where the help of this verb is.
Answered wrong(const std::string& verb, const std::string& what);

}  // namespace slotd::ctl
