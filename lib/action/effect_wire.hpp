#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "action/effect.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace slotd::action {

/// The biggest datagram between slotd and slotd-exec, in either direction.
inline constexpr std::size_t kDatagramBytesMax = 65536;

/// slotd asks slotd-exec: one request is one datagram, in this form and no other:
///   0x53 0x45 | version | kind | id (8 bytes) | domain (4) bus device function | one byte of
///   detail
/// Only a request about a loan goes on with the number of it (8 bytes); its descriptors come beside
/// the datagram. Detail is the service's number, the power state, the reset method or what becomes
/// of latched changes, and 0 where the effect has none. It carries no path, no value and no
/// deadline.
struct EffectRequest {
    std::uint64_t id = 0;
    Effect effect;
    bool operator==(const EffectRequest&) const = default;
};

Bytes encode(const EffectRequest& request);

/// Malformed for anything that encode() would not have written.
Result<EffectRequest> decode_effect_request(std::span<const std::uint8_t> datagram);

/// The id of a request whose rest cannot be read, so that it can be refused; nullopt where not even
/// the beginning is right.
std::optional<std::uint64_t> id_of_effect_request(std::span<const std::uint8_t> datagram);

}  // namespace slotd::action
