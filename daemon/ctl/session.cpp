#include "daemon/ctl/session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/overloaded.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "control/fault.hpp"
#include "control/message.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/terminal.hpp"
#include "os/control_client.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

namespace {

constexpr Duration kSilence = std::chrono::seconds(1);

ExitCode unreachable(const Error& error) {
    std::string hint;
    if (error.kind == ErrorKind::NotFound || error.os_errno == ECONNREFUSED) {
        hint = "; is slotd running?";
    }
    complain(report::printable(error.message()) + hint);
    return error.kind == ErrorKind::PermissionDenied ? ExitCode::NotPermitted
                                                     : ExitCode::NotReachable;
}

}  // namespace

Interrupts::Interrupts() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    // If either fails the signals do what they always do: end the program.
    if (::sigprocmask(SIG_BLOCK, &signals, nullptr) == 0) {
        fd_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    }
}

ExitCode Interrupts::taken() const {
    signalfd_siginfo signal{};
    const bool known = ::read(fd_.get(), &signal, sizeof signal) == sizeof signal;
    return known && signal.ssi_signo == SIGTERM ? ExitCode::Terminated : ExitCode::Interrupted;
}

std::expected<Session, ExitCode> Session::call(const std::string& socket,
                                               const control::Method& method, bool more) {
    auto client = os::ControlClient::connect(socket);
    if (!client) {
        return std::unexpected(unreachable(client.error()));
    }
    if (const auto sent = client->send(control::encode_call(method, more), kAnswerTime); !sent) {
        return std::unexpected(unreachable(sent.error()));
    }
    return Session(std::move(*client));
}

std::expected<std::optional<control::ReceivedReply>, ExitCode> Session::next(
    std::optional<Duration> time, const Interrupts* interrupts) {
    using Next = std::optional<control::ReceivedReply>;
    const auto message = client_.receive(time, interrupts == nullptr ? -1 : interrupts->fd());
    if (!message) {
        complain(report::printable(message.error().message()));
        return std::unexpected(message.error().kind == ErrorKind::Overflow
                                   ? ExitCode::Protocol
                                   : ExitCode::OutcomeUnknown);
    }
    if (!*message) {
        return Next{};
    }
    auto reply = control::decode_reply(**message);
    if (!reply) {
        return std::unexpected(not_understood(reply.error()));
    }
    if (reply->fault) {
        complain(control::to_string(*reply->fault));
        return std::unexpected(exit_code_of(*reply->fault));
    }
    return Next{std::move(*reply)};
}

bool Session::ready_within(Duration time) const {
    pollfd waiting{client_.fd(), POLLIN, 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time).count();
    return ::poll(&waiting, 1, static_cast<int>(milliseconds)) != 0;
}

std::expected<control::ReceivedReply, ExitCode> Session::answer(Duration time) {
    // A person wants to know that something is waited for; a script does not.
    if (time > kSilence && !ready_within(kSilence) && ::isatty(STDERR_FILENO) != 0) {
        complain(fmt::format("waiting for slotd, for {} s at most",
                             std::chrono::ceil<std::chrono::seconds>(time).count()));
    }
    auto reply = next(time, nullptr);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    return std::move(**reply);
}

ExitCode exit_code_of(const control::Fault& fault) {
    using namespace control;
    return std::visit(
        Overloaded{
            [](const OneOf<NoSuchSlot, AmbiguousSlot> auto&) { return ExitCode::NoSuchSlot; },
            [](const NotPermitted&) { return ExitCode::NotPermitted; },
            [](const TooManyClients&) { return ExitCode::NotReachable; },
            [](const Refused&) { return ExitCode::Refused; },
            [](const InUse&) { return ExitCode::InUse; },
            [](const BadConfiguration&) { return ExitCode::Refused; },
            [](const OneOf<MalformedMessage, MessageTooLarge, InterfaceNotFound, MethodNotFound,
                           InvalidParameter, ExpectedMore, UnknownFault> auto&) {
                return ExitCode::Protocol;
            },
        },
        fault);
}

ExitCode not_understood(const Error& error) {
    complain(report::printable(error.message()));
    return ExitCode::Protocol;
}

ExitCode finish(bool printed, ExitCode code) {
    if (printed) {
        return code;
    }
    complain("cannot write to stdout");
    // The worse news wins: a failed reset stays one.
    return code == ExitCode::Ok ? ExitCode::OutcomeUnknown : code;
}

}  // namespace slotd::ctl
