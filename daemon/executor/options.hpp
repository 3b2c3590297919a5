#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "daemon/executor/crash_points.hpp"

namespace slotd::executor {

/// How slotd-exec ends, as docs and --help list it.
enum class ExitCode : std::uint8_t {
    Ok = 0,
    Unexpected = 1,  ///< out of memory, or another exception
    Usage = 2,       ///< a wrong call
    NotRoot = 3,
    AnotherInstance = 4,  ///< the state directory is locked
    GateStillClosed = 5,  ///< a gate could not be opened, or a line of the record not be read
    CannotStart = 6,      ///< state directory, socket or sysfs is not as it must be
};

/// A checked command line.
struct Options {
    std::optional<int> client_fd;  ///< --fd
    bool open_gates = false;
    bool prepare_trace = false;
    bool surveys_only = false;
    Duration lock_patience{};               ///< for another slotd-exec to end
    std::optional<std::string> sysfs_root;  ///< nullopt: the machine's own /sys
    std::string proc_root = "/proc";
    std::string state_dir = "/run/slotd-exec";
    std::uint64_t crash_at = 0;
    CrashVictim crash_victim = CrashVictim::Worker;
    std::optional<Duration> deadline_max;
};

/// The options, or the exit code where there is nothing more to do: help and version were printed,
/// or one line that says what is wrong with the call.
std::expected<Options, ExitCode> parse_options(int argc, const char* const* argv);

}  // namespace slotd::executor
