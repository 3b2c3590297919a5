#pragma once

#include <cstdint>
#include <string>

namespace slotd::control {

/// Names one connection for the life of the daemon; never reused.
using ConnectionId = std::uint64_t;

/// Where replies go. Must not call back into the service from inside these.
class ReplySink {
public:
    virtual ~ReplySink() = default;
    /// A reply that somebody waits for. Never lost while the connection lives.
    virtual void send(ConnectionId connection, std::string message) = 0;
    /// A record that may be dropped: false when the connection's queue is full.
    virtual bool offer(ConnectionId connection, std::string message) = 0;
    /// Sends what is queued, then ends the connection; nothing more is read from it.
    virtual void hang_up(ConnectionId connection) = 0;
};

}  // namespace slotd::control
