#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"

namespace slotd::action {

/// What slotd asks of slotd-exec beside effects: which of these ports look otherwise than their
/// digest says. It reads and changes nothing. The Outcome has the ports that do, each with its
/// digest of now; Failed where one port could not be read, of which nothing follows for any of
/// them. One request is one datagram, in this form and no other:
///   0x53 0x50 | version | id (8 bytes) | count (2) | count times: domain (4) bus device function,
///   digest (8)
/// with 1 to kSamplesMax ports.
struct SampleRequest {
    event::EffectId id = 0;
    std::vector<event::PortSample> ports;
    bool operator==(const SampleRequest&) const = default;
};

/// As long as an ObserveSlot may take: a config access waits for a reset that holds the cfg lock.
inline constexpr Duration kSampleDeadline = std::chrono::seconds(150);

Bytes encode(const SampleRequest& request);

/// Malformed for anything that encode() would not have written.
Result<SampleRequest> decode_sample_request(std::span<const std::uint8_t> datagram);

/// By its first bytes: the datagram is meant to be one of these, and no request for an effect.
bool is_sample_request(std::span<const std::uint8_t> datagram);

/// The id of a request whose rest cannot be read, so that it can be refused; nullopt where not even
/// the beginning is right.
std::optional<event::EffectId> id_of_sample_request(std::span<const std::uint8_t> datagram);

}  // namespace slotd::action
