// action::decode_effect_request and decode_sample_request: what reaches slotd-exec, which runs as
// root.
#include "action/effect.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "action/effect_wire.hpp"
#include "action/sample_wire.hpp"
#include "base/time.hpp"
#include "event/port_sample.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

void ask_for_samples(std::span<const std::uint8_t> bytes) {
    const auto request = action::decode_sample_request(bytes);
    if (!request) {
        return;
    }
    require(std::ranges::equal(action::encode(*request), bytes), "encode(decode(x)) is x");
    require(action::id_of_sample_request(bytes) == request->id, "the id is the same alone");
    require(!request->ports.empty() && request->ports.size() <= event::kSamplesMax,
            "some ports, and no more than may be");
}

}  // namespace

void fuzz_effect(std::span<const std::uint8_t> bytes) {
    if (action::is_sample_request(bytes)) {
        ask_for_samples(bytes);
    }
    const auto request = action::decode_effect_request(bytes);
    if (!request) {
        return;
    }
    require(std::ranges::equal(action::encode(*request), bytes), "encode(decode(x)) is x");
    require(action::id_of_effect_request(bytes) == request->id, "the id is the same alone");
    require(is_printable(action::to_string(request->effect)), "an effect is printable");
    require(action::deadline_of(request->effect) > Duration::zero(), "an effect has a deadline");
    require(!action::reads_only(request->effect) || !action::machine_wide(request->effect),
            "what only reads keeps nobody waiting");
}

}  // namespace slotd::fuzz
