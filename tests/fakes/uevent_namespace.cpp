#include "tests/fakes/uevent_namespace.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "os/unique_fd.hpp"

namespace slotd::fakes {

namespace {

std::string message(const std::string& action, const std::string& devpath,
                    const std::string& properties) {
    std::string text = action + "@" + devpath;
    text += '\0';
    text += "ACTION=" + action;
    text += '\0';
    text += "DEVPATH=" + devpath;
    text += '\0';
    return text + properties;
}

}  // namespace

UeventNamespace::UeventNamespace()
    : old_namespace_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (old_namespace_ && ::unshare(CLONE_NEWNET) == 0) {
        sender_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
    }
}

UeventNamespace::~UeventNamespace() {
    if (old_namespace_) {
        (void)::setns(old_namespace_.get(), CLONE_NEWNET);
    }
}

void UeventNamespace::send(const std::string& action, const std::string& devpath,
                           const std::string& properties) const {
    send_to(0, message(action, devpath, properties));
}

void UeventNamespace::forge(const std::string& action, const std::string& devpath,
                            const std::string& properties) const {
    send_to(1, message(action, devpath, properties));
}

void UeventNamespace::send_to(std::uint32_t group, const std::string& message) const {
    // To the kernel a netlink header comes first; listeners of the group get the bytes as they are.
    std::string bytes = message;
    if (group == 0) {
        nlmsghdr header{};
        header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + message.size());
        header.nlmsg_type = NLMSG_MIN_TYPE;  // below are messages of netlink itself
        header.nlmsg_flags = NLM_F_REQUEST;
        bytes.insert(0, std::string(reinterpret_cast<const char*>(&header), sizeof header));
    }
    sockaddr_nl to{};
    to.nl_family = AF_NETLINK;
    to.nl_groups = group;
    const auto sent = ::sendto(sender_.get(), bytes.data(), bytes.size(), 0,
                               reinterpret_cast<const sockaddr*>(&to), sizeof to);
    // A full receiver is what some tests want; netlink tells the sender of it as well.
    if (sent < 0 && errno != ENOBUFS) {
        throw std::runtime_error("the kernel takes no uevent");
    }
}

}  // namespace slotd::fakes
