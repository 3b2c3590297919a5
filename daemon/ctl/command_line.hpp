#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/since.hpp"
#include "daemon/ctl/terminal.hpp"
#include "event/request.hpp"
#include "os/control_socket.hpp"

namespace slotd::ctl {

struct ListCommand {
    bool operator==(const ListCommand&) const = default;
};

struct ShowCommand {
    std::string slot;
    bool operator==(const ShowCommand&) const = default;
};

struct ResetCommand {
    std::string target;
    event::ResetMethod method = event::ResetMethod::Auto;
    std::string reason;
    bool dry_run = false;
    bool wait = false;
    std::optional<Duration> timeout;  ///< of --wait; nullopt: as long as it takes
    bool force = false;
    bool operator==(const ResetCommand&) const = default;
};

struct PlanCommand {
    std::string target;
    event::ResetMethod method = event::ResetMethod::Auto;
    bool operator==(const PlanCommand&) const = default;
};

struct HoldCommand {
    std::string slot;
    std::optional<Duration> lasts;  ///< nullopt: until it is released
    std::string reason;
    bool operator==(const HoldCommand&) const = default;
};

struct ReleaseCommand {
    std::string slot;
    std::string reason;
    bool operator==(const ReleaseCommand&) const = default;
};

struct ReloadCommand {
    std::string reason;
    bool operator==(const ReloadCommand&) const = default;
};

struct ConfigCommand {
    std::string slot;  ///< empty: of all
    bool operator==(const ConfigCommand&) const = default;
};

struct HistoryCommand {
    std::string slot;  ///< empty: of all
    std::optional<std::uint64_t> incident;
    std::optional<Since> since;
    std::size_t limit = 100;
    bool operator==(const HistoryCommand&) const = default;
};

struct TopCommand {
    bool operator==(const TopCommand&) const = default;
};

struct WatchCommand {
    bool operator==(const WatchCommand&) const = default;
};

/// Whose exit codes.
enum class CheckFor { Nagios, NodeProblemDetector };

struct CheckCommand {
    CheckFor reader = CheckFor::Nagios;
    bool operator==(const CheckCommand&) const = default;
};

struct DoctorCommand {
    std::optional<std::string> slot;  ///< nullopt: the machine and every slot
    bool operator==(const DoctorCommand&) const = default;
};

struct TimelineCommand {
    std::string incident;                ///< "last", or the beginning of its 16 digits
    std::optional<std::string> html;     ///< write the page there; "-": to stdout
    std::optional<std::string> journal;  ///< file or directory; nullopt: this machine's
    bool operator==(const TimelineCommand&) const = default;
};

struct ReplayCommand {
    std::string journal;  ///< file or directory; "local": this machine's
    std::string config;
    bool operator==(const ReplayCommand&) const = default;
};

struct MetricsCommand {
    std::string textfile;  ///< empty: print it
    bool operator==(const MetricsCommand&) const = default;
};

struct VersionCommand {
    bool operator==(const VersionCommand&) const = default;
};

using Command = std::variant<ListCommand, ShowCommand, ResetCommand, PlanCommand, HoldCommand,
                             ReleaseCommand, ReloadCommand, ConfigCommand, HistoryCommand,
                             TopCommand, WatchCommand, CheckCommand, DoctorCommand, TimelineCommand,
                             ReplayCommand, MetricsCommand, VersionCommand>;

/// A command line that makes sense.
struct Invocation {
    Command command;
    std::string socket = os::kDefaultControlPath;
    bool json = false;
    Colour colour = Colour::Auto;
    bool operator==(const Invocation&) const = default;
};

/// A command line that is answered without asking anybody: --help, --version, or a mistake.
struct Answered {
    ExitCode code = ExitCode::Ok;
    std::string out;    ///< for stdout
    std::string error;  ///< for stderr: one line that says what is wrong, one with the hint
    bool operator==(const Answered&) const = default;
};

/// `arguments` without the program's name.
std::variant<Invocation, Answered> parse_command_line(std::vector<std::string> arguments);

}  // namespace slotd::ctl
