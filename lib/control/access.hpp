#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/message.hpp"

namespace slotd::control {

/// Who is at the other end of a connection, as the kernel vouched for it when it was made.
struct Peer {
    std::uint32_t uid = 0;
    std::int32_t pid = 0;
    std::vector<std::uint32_t> gids;  ///< primary and supplementary
    std::string unit;                 ///< systemd unit of the pid then; empty when there is none
    bool operator==(const Peer&) const = default;
};

/// The groups that may ask; nullopt where the machine has no such group. Missing never means
/// everyone.
struct AccessGroups {
    std::optional<std::uint32_t> readers;    ///< slotd
    std::optional<std::uint32_t> operators;  ///< slotd-admin
    bool operator==(const AccessGroups&) const = default;
};

/// Ordered: each may do what those before it may.
enum class Role : std::uint8_t { Stranger, Reader, Operator };

/// root and slotd-admin act, slotd reads.
Role role_of(const Peer& peer, const AccessGroups& groups);

/// What a method needs: introspection nothing, looking a Reader, acting an Operator. A dry run
/// tells what is mounted and who uses it, but changes nothing: a Reader may.
Role role_needed(const Method& method);

inline bool allowed(Role role, const Method& method) {
    return role >= role_needed(method);
}

}  // namespace slotd::control
