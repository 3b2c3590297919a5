#pragma once

#include <cstdint>
#include <span>

namespace slotd::fuzz {

/// One parser of foreign bytes each, with what has to hold whatever the bytes are: see
/// docs/fuzzing.md. Throws PropertyBroken where it does not.
using Entry = void(std::span<const std::uint8_t> bytes);

Entry fuzz_bars;
Entry fuzz_call;
Entry fuzz_capabilities;
Entry fuzz_config;
Entry fuzz_config_space;
Entry fuzz_effect;
Entry fuzz_evidence;
Entry fuzz_framing;
Entry fuzz_gate_record;
Entry fuzz_history;
Entry fuzz_hook;
Entry fuzz_outcome;
Entry fuzz_proc;
Entry fuzz_replay;
Entry fuzz_reply;
Entry fuzz_text;
Entry fuzz_timeline;
Entry fuzz_trace;
Entry fuzz_uevent;

/// A target as it is called on the command line and in the corpus.
struct Target {
    const char* name;
    Entry* entry;
};

std::span<const Target> all_targets();

}  // namespace slotd::fuzz
