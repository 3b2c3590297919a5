#pragma once

#include <cstdint>

namespace slotd::daemon {

/// How slotd ends, as --help and docs/operations.md list it. slotd-exec and slotctl have lists of
/// their own.
enum class ExitCode : std::uint8_t {
    Ok = 0,               ///< told to end, or nothing to watch where that was asked for
    Failed = 1,           ///< something that was not foreseen; the line before says what
    Usage = 2,            ///< a wrong call
    BadConfig = 3,        ///< the configuration has mistakes, or cannot be read
    NotRoot = 4,          ///< without systemd slotd starts slotd-exec, and that needs root
    AnotherInstance = 5,  ///< the control socket, or slotd-exec's state directory, is in use
    NoPci = 6,            ///< sysfs shows no PCI at all
    GateStillClosed = 7,  ///< at the end slotd-exec could not open every gate
    ExecutorLost = 8,     ///< slotd-exec cannot be started, or ends again and again
};

}  // namespace slotd::daemon
