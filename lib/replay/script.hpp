#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "evidence/evidence.hpp"
#include "evidence/journal_line.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::replay {

/// Inside this module only: what one run of slotd was told, taken out of its lines.

/// All ports as they were then.
struct Scan {
    std::vector<pci::Port> ports;
    bool operator==(const Scan&) const = default;
};

/// A look began then. At rest a sample may have been the reason, of which no line tells.
struct Looked {
    pci::Address port;
    bool operator==(const Looked&) const = default;
};

using Told = std::variant<event::KernelEvent, event::ResetRequested, event::HoldRequested,
                          event::ReleaseRequested, evidence::ExecutorRestarted, Scan, Looked>;

struct Input {
    Instant at;
    Told told;
};

/// An effect that was done then.
struct DoneEffect {
    Instant began;
    evidence::EffectEnded ended;
    std::vector<Input> after;  ///< what the kernel said because of it
    bool used = false;
};

struct Script {
    std::vector<Input> inputs;  ///< by time; the first one is a scan
    std::vector<DoneEffect> effects;
    Instant end;
    std::int64_t wall_offset_us = 0;  ///< wall minus monotonic clock
};

/// The lines of one run; nullopt where they do not begin with its ports, so that nobody knows what
/// it watched.
std::optional<Script> script_of(std::span<const evidence::JournalLine> lines);

/// Does something to a card: a step, not a gate and not a look.
bool is_step(const action::Effect& effect);

}  // namespace slotd::replay
