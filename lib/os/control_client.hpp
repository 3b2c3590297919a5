#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "control/framing.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// A client's end of the control socket: messages out, messages in, every wait bounded or
/// interruptible.
class ControlClient {
public:
    static constexpr std::size_t kReplyBytesMax = std::size_t{16} << 20;

    /// NotFound, PermissionDenied, Busy or Io say why nobody can be asked.
    static Result<ControlClient> connect(const std::string& path);

    /// All of `message`, within the time. A peer that has stopped reading has usually said why: so
    /// that is no error here, the reply tells.
    Status send(std::string_view message, Duration time);

    /// The next message without its NUL. nullopt: `interrupt` (a descriptor; -1 for none) became
    /// readable first. TimedOut after `time` (nullopt: wait for ever). NotFound: the daemon ended
    /// the connection.
    Result<std::optional<std::string>> receive(std::optional<Duration> time, int interrupt);

    /// For a loop that waits itself, and then calls receive() with a time of zero.
    int fd() const { return socket_.get(); }

private:
    explicit ControlClient(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
    control::Framing framing_{kReplyBytesMax};
};

}  // namespace slotd::os
