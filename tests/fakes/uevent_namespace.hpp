#pragma once

#include <cstdint>
#include <string>

#include "os/unique_fd.hpp"

namespace slotd::fakes {

/// A network namespace of its own for this process, into which uevents can be sent: the kernel
/// takes a message from who administers the namespace, adds its own SEQNUM and sends it to the
/// namespace's listeners as from itself (lib/kobject_uevent.c uevent_net_rcv, v4.18). So a test has
/// the real socket, the real sender check and any uevent it likes. Needs root; the old namespace is
/// back at the end.
class UeventNamespace {
public:
    UeventNamespace();
    UeventNamespace(const UeventNamespace&) = delete;
    UeventNamespace& operator=(const UeventNamespace&) = delete;
    ~UeventNamespace();

    /// False where this process may not have a namespace: the test should skip and say so.
    bool entered() const { return static_cast<bool>(sender_); }

    /// One uevent through the kernel; `properties` are "KEY=value" parts, each ended by NUL.
    void send(const std::string& action, const std::string& devpath,
              const std::string& properties) const;
    /// Sent past the kernel, straight to the group, as a process with CAP_NET_ADMIN can.
    void forge(const std::string& action, const std::string& devpath,
               const std::string& properties) const;

private:
    void send_to(std::uint32_t group, const std::string& message) const;

    os::UniqueFd old_namespace_;
    os::UniqueFd sender_;
};

}  // namespace slotd::fakes
