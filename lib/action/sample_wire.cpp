#include "action/sample_wire.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address_wire.hpp"

namespace slotd::action {

namespace {

constexpr std::uint16_t kMagic = 0x5053;  // "SP"
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = 13;
constexpr std::size_t kPortBytes = 15;

}  // namespace

Bytes encode(const SampleRequest& request) {
    const std::size_t count = std::min(request.ports.size(), event::kSamplesMax);
    ByteWriter out(kHeadBytes + count * kPortBytes);
    out.number(kMagic);
    out.number(kVersion);
    out.number(request.id);
    out.number(static_cast<std::uint16_t>(count));
    for (const event::PortSample& one : std::span(request.ports).first(count)) {
        pci::put_address(out, one.port);
        out.number(one.digest);
    }
    return out.take();
}

Result<SampleRequest> decode_sample_request(std::span<const std::uint8_t> datagram) {
    ByteReader in(datagram);
    const auto magic = in.number<std::uint16_t>();
    const auto version = in.number<std::uint8_t>();
    SampleRequest request;
    request.id = in.number<std::uint64_t>();
    const auto count = in.number<std::uint16_t>();
    if (count == 0 || count > event::kSamplesMax) {
        in.fail();
    }
    // The reader fails at the end of the datagram, so a false count costs no more than that.
    for (std::size_t index = 0; index < count && in.ok(); ++index) {
        const pci::Address port = pci::take_address(in);
        request.ports.push_back({port, in.number<std::uint64_t>()});
    }
    if (!in.finished() || magic != kMagic || request.id == 0) {
        return failure(ErrorKind::Malformed, "read a request for samples");
    }
    if (version != kVersion) {
        return failure(ErrorKind::Unsupported,
                       "read a request for samples of another protocol version");
    }
    return request;
}

bool is_sample_request(std::span<const std::uint8_t> datagram) {
    ByteReader in(datagram);
    return in.number<std::uint16_t>() == kMagic;
}

std::optional<event::EffectId> id_of_sample_request(std::span<const std::uint8_t> datagram) {
    ByteReader in(datagram);
    const auto magic = in.number<std::uint16_t>();
    (void)in.number<std::uint8_t>();  // any version has its id at the same place
    const auto id = in.number<std::uint64_t>();
    return in.ok() && magic == kMagic && id != 0 ? std::optional(id) : std::nullopt;
}

}  // namespace slotd::action
