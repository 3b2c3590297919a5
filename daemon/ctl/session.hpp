#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "control/message.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "os/control_client.hpp"
#include "os/unique_fd.hpp"

namespace slotd::ctl {

/// slotd answers such a call from memory; later means that it is stopped or stuck.
inline constexpr Duration kAnswerTime = std::chrono::seconds(10);

/// SIGINT and SIGTERM as something to wait for, while this lives: what is asked for can then be
/// left with a word about it.
class Interrupts {
public:
    Interrupts();

    int fd() const { return fd_.get(); }

    /// Which of the two it was.
    ExitCode taken() const;

private:
    os::UniqueFd fd_;
};

/// One connection with one call on it. What goes wrong is said on stderr where it happens; the exit
/// code is all that is left for the verb to do.
class Session {
public:
    static std::expected<Session, ExitCode> call(const std::string& socket,
                                                 const control::Method& method, bool more);

    /// The next reply. An error reply has been printed, and is the exit code. nullopt: interrupted.
    std::expected<std::optional<control::ReceivedReply>, ExitCode> next(
        std::optional<Duration> time, const Interrupts* interrupts);

    /// The one reply of a call that is answered within `time`. On a terminal it is said that
    /// something is waited for, where it takes more than a moment.
    std::expected<control::ReceivedReply, ExitCode> answer(Duration time);

private:
    explicit Session(os::ControlClient client) : client_(std::move(client)) {}

    bool ready_within(Duration time) const;

    os::ControlClient client_;
};

/// The exit code of an error reply.
ExitCode exit_code_of(const control::Fault& fault);

/// Says that a reply was not understood.
ExitCode not_understood(const Error& error);

/// What a verb ends with after its last output.
ExitCode finish(bool printed, ExitCode code);

}  // namespace slotd::ctl
