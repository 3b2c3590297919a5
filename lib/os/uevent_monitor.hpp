#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/sequence_gaps.hpp"
#include "os/unique_fd.hpp"

struct udev_device;
struct udev_monitor;

namespace slotd::os {

/// The kernel's uevents, straight from its netlink group: udev's copies come later, behind its
/// rules.
///
/// libudev accepts from this group only what the kernel sent (port id 0, uid 0; checked against a
/// forged message in the test). There is no filter in the kernel, since SEQNUM counts all
/// subsystems. Uevents about PCI reach the network namespaces of the initial user namespace only:
/// in a container of its own there is nothing to see.
class UeventMonitor {
public:
    using Sink = std::function<void(const event::KernelEvent&)>;

    /// Enough for a machine whose every device comes and goes while we are stopped for a minute.
    static constexpr int kReceiveBufferBytes = 128 * 1024 * 1024;

    static Result<UeventMonitor> open(int receive_buffer_bytes = kReceiveBufferBytes);

    /// Readable when readable() has something to do: a message, or a hole in SEQNUM that is due.
    int fd() const { return ready_.get(); }

    /// Delivers what has arrived, at most kMessagesPerTurn; with more waiting, fd() stays readable.
    /// Lost messages come as one EventsMissed after the messages of the turn.
    void readable(const Sink& sink);

    /// What the kernel granted; less than asked for without CAP_NET_ADMIN.
    int receive_buffer_bytes() const;

private:
    static constexpr int kMessagesPerTurn = 256;

    struct MonitorDeleter {
        void operator()(udev_monitor* monitor) const;
    };

    using Monitor = std::unique_ptr<udev_monitor, MonitorDeleter>;

    UeventMonitor(Monitor monitor, UniqueFd timer, UniqueFd ready);

    void receive(const Sink& sink);
    void accept(udev_device& device, Instant now, const Sink& sink);
    void report_losses(Instant now, const Sink& sink);
    std::optional<std::uint32_t> socket_drops() const;
    void arm_timer();

    Monitor monitor_;
    UniqueFd timer_;          // fires when a hole in SEQNUM is due, with or without another message
    UniqueFd ready_;          // epoll over the socket and the timer
    Instant armed_ = kNever;  // what the timer is set to
    event::SequenceGaps gaps_;
    bool overrun_ = false;  // the socket said ENOBUFS in this turn
    std::uint32_t drops_ = 0;
};

}  // namespace slotd::os
