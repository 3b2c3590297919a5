// event::decode_outcome_report: what slotd-exec answers, observations and usage in it.
#include "event/outcome.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "event/outcome_wire.hpp"
#include "event/port_sample.hpp"
#include "event/usage_wire.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

void fuzz_outcome(std::span<const std::uint8_t> bytes) {
    const auto report = event::decode_outcome_report(bytes);
    if (!report) {
        return;
    }
    require(std::ranges::equal(event::encode(*report), bytes), "encode(decode(x)) is x");
    require(report->id != 0, "a report is about an effect");
    if (report->outcome.observation) {
        require(report->outcome.observation->functions.size() <= event::kFunctionsSeenMax,
                "no bus has so many functions");
        require(!report->outcome.usage, "an effect looks, or asks who uses it");
    }
    require(report->outcome.samples.size() <= event::kSamplesMax, "no more than may be asked for");
    if (report->outcome.usage) {
        require(event::fitted(*report->outcome.usage) == *report->outcome.usage,
                "what has arrived did fit");
    }
}

}  // namespace slotd::fuzz
