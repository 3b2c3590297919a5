#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "control/access.hpp"
#include "control/control_service.hpp"
#include "control/loan.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

inline constexpr const char* kDefaultControlPath = "/run/slotd/io.slotd.Coordinator";

struct ControlSocketOptions {
    std::string path = kDefaultControlPath;
    /// Unsent bytes of one client. A subscriber over it misses records; a caller over it who calls
    /// again without reading is disconnected. One reply may pass it: `List` of a large machine.
    std::size_t queued_bytes_max = std::size_t{256} * 1024;
};

/// The control service's socket: accepts, reads, writes, never blocks, never logs. The event loop
/// sees one descriptor, `fd()` (an epoll inside), and calls `ready()` whenever it is readable.
///
/// Out of descriptors or of memory it turns away whom it can, and leaves the others in the backlog
/// for a while: the loop never turns for a connection that cannot be taken.
///
/// Mode 0666: everybody may connect, and who may ask what is decided for each call by what the
/// kernel says about the peer (SO_PEERCRED, SO_PEERGROUPS), so that a refusal has a reason in it.
class ControlSocket final : private control::ReplySink {
public:
    /// Takes the listening socket that systemd has passed (LISTEN_FDS), else makes one at `path`,
    /// with a stale one of a dead daemon replaced. Busy when somebody else serves that path.
    /// `service` must outlive the socket.
    static Result<std::unique_ptr<ControlSocket>> open(control::ControlService& service,
                                                       ControlSocketOptions options);
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;
    ~ControlSocket() override;

    int fd() const { return epoll_.get(); }

    /// Does what there is to do, a bounded amount of it: with more left, fd() stays readable.
    void ready();

    std::size_t clients() const { return clients_.size(); }

private:
    struct Client {
        UniqueFd fd;
        std::string queue;          ///< bytes that wait for the peer to read
        std::size_t sent = 0;       ///< of `queue`
        std::uint32_t watched = 0;  ///< epoll events asked for
        bool end_of_input = false;  ///< the peer sends no more; it may still read
        bool gone = false;          ///< the peer does not read either
        bool hanging_up = false;    ///< when the queue is out, the connection ends
        std::size_t discarded = 0;  ///< bytes read and thrown away while hanging up
        bool doomed = false;        ///< to be closed as soon as nobody up the stack uses it

        std::size_t unsent() const { return queue.size() - sent; }
    };

    ControlSocket(control::ControlService& service, ControlSocketOptions options);

    void send(control::ConnectionId connection, std::string message) override;
    bool offer(control::ConnectionId connection, std::string message) override;
    void hang_up(control::ConnectionId connection) override;

    Status listen_at_path();
    Status watch_listener();
    void accept_some();
    void admit(UniqueFd connection);
    bool refuse_one_without_descriptor();
    bool listen_to_listener(bool wanted);
    void pause_accepting();
    void client_ready(control::ConnectionId id, std::uint32_t events);
    void read_from(control::ConnectionId id, Client& client);
    void deliver(control::ConnectionId id, Client& client, std::string_view bytes,
                 std::unique_ptr<control::Loan> loan);
    void flush(Client& client);
    void settle(control::ConnectionId id, Client& client);
    void want_turn(control::ConnectionId id);
    void take_turns();

    control::ControlService& service_;
    ControlSocketOptions options_;
    UniqueFd epoll_;
    UniqueFd listener_;
    UniqueFd turns_;   ///< eventfd: readable while `unfinished_` is not empty
    UniqueFd lock_;    ///< held for life: one daemon for one path
    UniqueFd pause_;   ///< timerfd: readable when there may be room for connections again
    UniqueFd spare_;   ///< given up for a moment when descriptors run out
    ino_t inode_ = 0;  ///< of the socket file that we made; 0: it is not ours to unlink
    std::map<control::ConnectionId, Client> clients_;
    std::set<control::ConnectionId> unfinished_;  ///< those with something left to do or to settle
    control::ConnectionId last_id_ = 2;           ///< up to 2: listener, eventfd, timerfd
};

/// What the kernel says about the peer of a connected AF_UNIX socket.
Result<control::Peer> peer_of(int connection);

/// The systemd unit in the text of a /proc/<pid>/cgroup; empty when there is none.
std::string unit_in_cgroup(std::string_view text);

/// Groups `slotd` and `slotd-admin` of this machine. May ask the network: at start only.
control::AccessGroups access_groups();

}  // namespace slotd::os
