#include "tests/fuzz/targets.hpp"

#include <array>
#include <span>

namespace slotd::fuzz {

std::span<const Target> all_targets() {
    static constexpr std::array kTargets{
        Target{"bars", fuzz_bars},
        Target{"call", fuzz_call},
        Target{"capabilities", fuzz_capabilities},
        Target{"config", fuzz_config},
        Target{"config_space", fuzz_config_space},
        Target{"effect", fuzz_effect},
        Target{"evidence", fuzz_evidence},
        Target{"framing", fuzz_framing},
        Target{"gate_record", fuzz_gate_record},
        Target{"history", fuzz_history},
        Target{"hook", fuzz_hook},
        Target{"outcome", fuzz_outcome},
        Target{"proc", fuzz_proc},
        Target{"replay", fuzz_replay},
        Target{"reply", fuzz_reply},
        Target{"text", fuzz_text},
        Target{"timeline", fuzz_timeline},
        Target{"trace", fuzz_trace},
        Target{"uevent", fuzz_uevent},
    };
    return kTargets;
}

}  // namespace slotd::fuzz
