#include "action/sample_wire.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"

namespace slotd::action {
namespace {

constexpr pci::Address kFirst{0, 0, 0x1c, 0};
constexpr pci::Address kSecond{0x10000, 0x3a, 0x1f, 7};
const SampleRequest kRequest{0xffffffff00000001, {{kFirst, 0}, {kSecond, 0x0102030405060708}}};

TEST(SampleWire, CarriesWhatIsAsked) {
    EXPECT_EQ(decode_sample_request(encode(kRequest)), kRequest);
    EXPECT_TRUE(is_sample_request(encode(kRequest)));
}

TEST(SampleWire, CarriesAsManyPortsAsMayBeAskedFor) {
    SampleRequest most{1, {}};
    most.ports.assign(event::kSamplesMax, {kFirst, 1});
    EXPECT_EQ(decode_sample_request(encode(most)), most);

    SampleRequest more = most;
    more.ports.push_back({kSecond, 2});
    EXPECT_EQ(decode_sample_request(encode(more)), most);
}

TEST(SampleWire, RefusesEveryTruncationAndWhatComesAfterTheEnd) {
    Bytes whole = encode(kRequest);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(decode_sample_request(std::span(whole).first(length)).has_value());
    }
    whole.push_back(0);
    EXPECT_EQ(decode_sample_request(whole).error().kind, ErrorKind::Malformed);
    EXPECT_EQ(decode_sample_request(encode({1, {}})).error().kind, ErrorKind::Malformed);
}

TEST(SampleWire, AcceptsNothingThatItWouldNotHaveWritten) {
    const Bytes whole = encode(kRequest);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (unsigned value = 0; value <= 0xff; ++value) {
            Bytes mutated = whole;
            mutated[at] = static_cast<std::uint8_t>(value);
            if (const auto decoded = decode_sample_request(mutated)) {
                EXPECT_EQ(encode(*decoded), mutated);
            }
        }
    }
}

TEST(SampleWire, ReadsTheIdOfARequestThatItCannotRead) {
    Bytes other_version = encode(kRequest);
    other_version[2] = 2;

    EXPECT_EQ(decode_sample_request(other_version).error().kind, ErrorKind::Unsupported);
    EXPECT_EQ(id_of_sample_request(other_version), std::optional(kRequest.id));
    EXPECT_EQ(id_of_sample_request(Bytes{0x53, 0x50, 1}), std::nullopt);
    EXPECT_FALSE(is_sample_request(Bytes{0x53, 0x45, 1}));
}

}  // namespace
}  // namespace slotd::action
