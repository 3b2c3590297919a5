#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "daemon/ctl/exit_code.hpp"
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

struct WatchCommand {
    bool operator==(const WatchCommand&) const = default;
};

/// Whose exit codes.
enum class CheckFor { Nagios, NodeProblemDetector };

struct CheckCommand {
    CheckFor reader = CheckFor::Nagios;
    bool operator==(const CheckCommand&) const = default;
};

struct MetricsCommand {
    std::string textfile;  ///< empty: print it
    bool operator==(const MetricsCommand&) const = default;
};

struct VersionCommand {
    bool operator==(const VersionCommand&) const = default;
};

using Command =
    std::variant<ListCommand, ShowCommand, ResetCommand, PlanCommand, HoldCommand, ReleaseCommand,
                 WatchCommand, CheckCommand, MetricsCommand, VersionCommand>;

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
