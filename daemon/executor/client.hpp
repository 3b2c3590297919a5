#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "event/outcome_wire.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

/// slotd's end of the conversation, as slotd-exec sees it. Nothing here blocks: outcomes that the
/// socket does not take wait, and while too many wait no request is read, so their number has a
/// bound.
class Client {
public:
    explicit Client(os::UniqueFd socket);

    /// One datagram and what came with it.
    struct Datagram {
        Bytes bytes;
        os::PassedFds passed;
    };

    /// The next one, or nullopt where none is there. gone() is true after its end was read.
    std::optional<Datagram> receive();
    void send(const event::OutcomeReport& report);
    /// Sends what waits.
    void flush();

    bool gone() const { return gone_; }

    bool may_ask() const;
    /// poll(2) events to wait for.
    short wanted() const;

    int fd() const { return socket_.get(); }

    /// Nothing more is read or written; the peer sees the end only when this process has ended.
    void ignore() { gone_ = true; }

private:
    os::UniqueFd socket_;
    std::unique_ptr<std::uint8_t[]> room_;  ///< for a datagram, made once: it is in the way of each
    std::deque<Bytes> waiting_;
    bool gone_ = false;
};

}  // namespace slotd::executor
