#pragma once

namespace slotd::ctl {

/// What slotctl ends with; scripts branch on it. docs/control.md and `slotctl --help` say the same.
/// `slotctl check` ends with what a monitoring system expects instead.
enum class ExitCode : int {
    Ok = 0,
    Failed = 1,          ///< the reset ran and did not bring the card back
    Usage = 2,           ///< the command line is wrong
    NoSuchSlot = 3,      ///< the name, of a slot or incident, is unknown or ambiguous
    NotReachable = 4,    ///< no slotd answers at the socket, or the journal cannot be read
    NotPermitted = 5,    ///< this user may not ask that
    Refused = 6,         ///< slotd will not do it now, nothing was touched
    OutcomeUnknown = 7,  ///< no answer in time, or slotd went away: the request may go on
    Protocol = 8,        ///< slotd answered what this slotctl does not understand
    InUse = 9,           ///< somebody uses it and --force was not given, nothing was touched
    Degraded = 10,       ///< the card is back, on a link slower or narrower than before
    Interrupted = 130,   ///< 128 + SIGINT, as a shell has it; the request goes on in slotd
    Terminated = 143,    ///< 128 + SIGTERM
};

}  // namespace slotd::ctl
