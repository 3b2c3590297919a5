#include "daemon/executor/client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "action/effect_wire.hpp"
#include "base/bytes.hpp"
#include "event/outcome_wire.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

namespace {

constexpr std::size_t kWaitingMax = 256;
/// One byte more than a request may have: a longer one is seen as too long, not cut to fit.
constexpr std::size_t kRoom = action::kDatagramBytesMax + 1;

}  // namespace

Client::Client(os::UniqueFd socket)
    : socket_(std::move(socket)),
      room_(std::make_unique_for_overwrite<std::uint8_t[]>(kRoom)) {}

std::optional<Client::Datagram> Client::receive() {
    os::PassedFds passed;
    const ssize_t got =
        os::receive_with_fds(socket_.get(), {room_.get(), kRoom}, passed, MSG_DONTWAIT);
    if (got > 0) {
        return Datagram{Bytes(room_.get(), room_.get() + got), std::move(passed)};
    }
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        gone_ = true;
    }
    return std::nullopt;
}

void Client::send(const event::OutcomeReport& report) {
    waiting_.push_back(event::encode(report));
    flush();
}

void Client::flush() {
    while (!gone_ && !waiting_.empty()) {
        const Bytes& next = waiting_.front();
        if (::send(socket_.get(), next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            gone_ = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ENOBUFS;
            return;
        }
        waiting_.pop_front();
    }
}

bool Client::may_ask() const {
    return !gone_ && waiting_.size() < kWaitingMax;
}

short Client::wanted() const {
    return static_cast<short>((may_ask() ? POLLIN : 0) | (waiting_.empty() ? 0 : POLLOUT));
}

}  // namespace slotd::executor
