#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "evidence/evidence.hpp"
#include "report/timeline.hpp"

namespace slotd::report {

/// Inside this module only: one fact of the evidence in words. `at` and `from` are on the machine's
/// own clock here.
std::optional<Happening> happening(const event::KernelEvent& event, Duration at,
                                   std::uint32_t times);
std::optional<Happening> happening(const evidence::EffectEnded& ended, Duration at);
/// nullopt for what nobody did: a deadline, the history, a scan.
std::optional<Happening> happening(const evidence::Cause& cause, Duration at);

/// What a kernel event makes of its lane.
enum class Turn : std::uint8_t { None, Begins, Ends };
Turn turn_of(const event::KernelEvent& event);

}  // namespace slotd::report
