// replay::replay: lines of a journal that may hold anything, played to a coordinator.
#include "replay/replay.hpp"

#include <cstdint>
#include <span>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "coordinator/coordinator.hpp"
#include "policy/config.hpp"
#include "policy/level.hpp"
#include "replay/replay_text.hpp"
#include "tests/fuzz/journal_lines.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

void fuzz_replay(std::span<const std::uint8_t> bytes) {
    policy::Config config;
    const std::uint8_t settings = take_byte(bytes);
    config.policy.defaults.level = static_cast<policy::Level>(settings % 3U);
    config.policy.defaults.automatic_action = (settings & 0x80U) != 0;
    const replay::Report report = replay::replay(
        journal_lines(bytes),
        coordinator::Settings{.policy = config.policy, .limits = policy::limits_of(config)});

    require(has_printable_lines(replay::replay_text(report, {}, {})), "a replay is printable");
    require(parse_json_object(replay::replay_json(report)).has_value(), "its JSON is JSON");
}

}  // namespace slotd::fuzz
