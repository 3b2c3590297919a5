#include "os/control_socket.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "control/control_service.hpp"
#include "control/loan.hpp"
#include "os/lent_descriptors.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

constexpr std::uint64_t kListenerTag = 0;
constexpr std::uint64_t kTurnsTag = 1;
constexpr std::uint64_t kPauseTag = 2;
constexpr timespec kAcceptPause{.tv_sec = 0, .tv_nsec = 200'000'000};
constexpr int kEventsPerTurn = 64;
constexpr int kAcceptsPerTurn = 32;
constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
/// A client in the middle of a message that is too long shall read why, not fail to write: closing
/// at once would be EPIPE for it. So long we read on and throw away.
constexpr std::size_t kDiscardedBytesMax = std::size_t{64} << 20;

bool watch(int epoll, int operation, int fd, std::uint64_t tag, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    return ::epoll_ctl(epoll, operation, fd, &event) == 0;
}

UniqueFd spare_descriptor() {
    return UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

}  // namespace

ControlSocket::ControlSocket(control::ControlService& service, ControlSocketOptions options)
    : service_(service),
      options_(std::move(options)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      turns_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      pause_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      spare_(spare_descriptor()) {
    service_.connect(*this);
}

Status ControlSocket::watch_listener() {
    if (!epoll_ || !turns_ || !pause_ ||
        !watch(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), kListenerTag, EPOLLIN) ||
        !watch(epoll_.get(), EPOLL_CTL_ADD, turns_.get(), kTurnsTag, EPOLLIN) ||
        !watch(epoll_.get(), EPOLL_CTL_ADD, pause_.get(), kPauseTag, EPOLLIN)) {
        return std::unexpected(os_error(errno, "watch the control socket"));
    }
    return {};
}

void ControlSocket::ready() {
    std::array<epoll_event, kEventsPerTurn> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == kListenerTag) {
            accept_some();
        } else if (event.data.u64 == kPauseTag) {
            (void)listen_to_listener(true);  // where it fails, the timer stays readable: once more
        } else if (event.data.u64 != kTurnsTag) {
            client_ready(event.data.u64, event.events);
        }
    }
    take_turns();
}

void ControlSocket::accept_some() {
    for (int accepted = 0; accepted < kAcceptsPerTurn; ++accepted) {
        UniqueFd connection{
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (connection) {
            admit(std::move(connection));
        } else if ((errno == EMFILE || errno == ENFILE) && refuse_one_without_descriptor()) {
            return;  // one in each turn: others are served in between
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            pause_accepting();
            return;
        }
    }
}

/// A connection that cannot be accepted would keep the listener readable and the loop spinning.
bool ControlSocket::refuse_one_without_descriptor() {
    if (!spare_) {
        return false;
    }
    spare_.reset();
    UniqueFd refused{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const bool done = static_cast<bool>(refused);
    refused.reset();  // before the spare one is taken back: it may be the last there is
    spare_ = spare_descriptor();
    return done;
}

bool ControlSocket::listen_to_listener(bool wanted) {
    if (!watch(epoll_.get(), EPOLL_CTL_MOD, listener_.get(), kListenerTag, wanted ? EPOLLIN : 0U)) {
        return false;
    }
    const itimerspec when{.it_interval = {}, .it_value = wanted ? timespec{} : kAcceptPause};
    if (!spare_) {
        spare_ = spare_descriptor();
    }
    return ::timerfd_settime(pause_.get(), 0, &when, nullptr) == 0;  // a new time: not readable
}

/// What is missing comes back when somebody gives it up, and nobody says when that is.
void ControlSocket::pause_accepting() {
    (void)listen_to_listener(false);
}

void ControlSocket::admit(UniqueFd connection) {
    auto peer = peer_of(connection.get());
    if (!peer) {
        return;  // without knowing who it is there is nothing it may ask
    }
    const control::ConnectionId id = ++last_id_;
    const int fd = connection.get();
    if (!watch(epoll_.get(), EPOLL_CTL_ADD, fd, id, EPOLLIN)) {
        return;
    }
    Client& client = clients_[id];
    client.fd = std::move(connection);
    client.watched = EPOLLIN;
    service_.opened(id, std::move(*peer));
    // Turned away at the door: it has been told why, and lingering would take the room it was
    // refused.
    client.doomed = client.hanging_up;
    settle(id, client);
}

void ControlSocket::client_ready(control::ConnectionId id, std::uint32_t events) {
    const auto at = clients_.find(id);
    if (at == clients_.end()) {
        return;
    }
    Client& client = at->second;
    // The peer is gone in both directions, but what it said before (a call with `oneway`) still
    // counts.
    client.gone = client.gone || (events & (EPOLLHUP | EPOLLERR)) != 0;
    if ((events & EPOLLOUT) != 0) {
        flush(client);
    }
    const bool readable = client.gone || (events & EPOLLIN) != 0;
    if (readable && !client.doomed && !client.end_of_input) {
        read_from(id, client);
    }
    settle(id, client);
}

/// One piece only, so that every client gets its turn; epoll says again if there is more.
void ControlSocket::read_from(control::ConnectionId id, Client& client) {
    std::array<char, kReadBytes> buffer;  // NOLINT: what is received fills what is used of it
    Received received = receive_with_descriptors(client.fd.get(), buffer);
    const ssize_t got = received.length;
    if (got < 0) {
        client.doomed = errno != EAGAIN && errno != EINTR;
        return;
    }
    if (got == 0) {
        client.end_of_input = true;
        return;
    }
    const auto length = static_cast<std::size_t>(got);
    if (client.hanging_up) {
        client.discarded += length;
        client.doomed = client.discarded > kDiscardedBytesMax;
        return;
    }
    deliver(id, client, std::string_view(buffer.data(), length), std::move(received.loan));
}

void ControlSocket::deliver(control::ConnectionId id, Client& client, std::string_view bytes,
                            std::unique_ptr<control::Loan> loan) {
    if (service_.received(id, bytes, std::move(loan)) == control::ControlService::Turn::More &&
        !client.doomed) {
        want_turn(id);
    }
}

void ControlSocket::send(control::ConnectionId connection, std::string message) {
    const auto at = clients_.find(connection);
    if (at == clients_.end() || at->second.doomed) {
        return;
    }
    Client& client = at->second;
    // It goes on calling although it has not read what it was told already.
    if (client.unsent() > options_.queued_bytes_max) {
        client.doomed = true;
    } else {
        client.queue += message;
        flush(client);
    }
    // The reply may end what its next call has waited for; and this may be any caller's stack.
    want_turn(connection);
}

bool ControlSocket::offer(control::ConnectionId connection, std::string message) {
    const auto at = clients_.find(connection);
    if (at == clients_.end() || at->second.doomed ||
        at->second.unsent() + message.size() > options_.queued_bytes_max) {
        return false;
    }
    at->second.queue += message;
    flush(at->second);
    want_turn(connection);
    return true;
}

void ControlSocket::hang_up(control::ConnectionId connection) {
    if (const auto at = clients_.find(connection); at != clients_.end()) {
        at->second.hanging_up = true;
        want_turn(connection);
    }
}

void ControlSocket::flush(Client& client) {
    while (client.unsent() > 0) {
        const ssize_t written = ::send(client.fd.get(), client.queue.data() + client.sent,
                                       client.unsent(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            client.doomed = client.doomed || errno != EAGAIN;
            break;
        }
        client.sent += static_cast<std::size_t>(written);
    }
    // Moving the rest to the front costs as much as the rest is long: only when it pays.
    if (client.sent * 2 >= client.queue.size()) {
        client.queue.erase(0, client.sent);
        client.sent = 0;
    }
}

void ControlSocket::want_turn(control::ConnectionId id) {
    if (unfinished_.insert(id).second && unfinished_.size() == 1) {
        const std::uint64_t one = 1;
        // A full counter means that it is readable already.
        (void)!::write(turns_.get(), &one, sizeof one);
    }
}

void ControlSocket::take_turns() {
    const std::set<control::ConnectionId> turns = std::exchange(unfinished_, {});
    std::uint64_t count = 0;
    (void)!::read(turns_.get(), &count, sizeof count);  // whoever wants another turn writes again
    for (const control::ConnectionId id : turns) {
        const auto at = clients_.find(id);
        if (at == clients_.end()) {
            continue;
        }
        if (!at->second.doomed && service_.has_work(id)) {
            deliver(id, at->second, {}, nullptr);
        }
        settle(id, at->second);
    }
}

/// After anything has happened to a client: closes it, or watches for what it waits for now.
void ControlSocket::settle(control::ConnectionId id, Client& client) {
    if (client.hanging_up && client.unsent() == 0) {
        (void)::shutdown(client.fd.get(),
                         SHUT_WR);  // if it fails, the peer is gone, and HUP follows
    }
    const bool owes_nothing = client.unsent() == 0 && (client.hanging_up || !service_.waiting(id));
    const bool over =
        client.end_of_input && !service_.has_work(id) && (client.gone || owes_nothing);
    if (client.doomed || over) {
        unfinished_.erase(id);
        clients_.erase(id);  // closes the descriptor, which takes it out of the epoll set
        service_.closed(id);
        return;
    }
    const std::uint32_t wanted = (client.end_of_input ? 0U : static_cast<std::uint32_t>(EPOLLIN)) |
                                 (client.unsent() > 0 ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
    if (wanted != client.watched &&
        watch(epoll_.get(), EPOLL_CTL_MOD, client.fd.get(), id, wanted)) {
        client.watched = wanted;
    }
}

}  // namespace slotd::os
