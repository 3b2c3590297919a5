#pragma once

#include <optional>
#include <string_view>

#include "event/kernel_event.hpp"

namespace slotd::event {

/// What one line of a tracefs `trace_pipe` means; nullopt for everything else. Read are, with or
/// without the task, CPU and time before them:
///   aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, Malformed TLP, TLP Header=...
///   pci_hp_event: 0000:00:1c.0 slot:5, event:LINK_DOWN
///   CPU:1 [LOST 17 EVENTS]
/// (include/ras/ras_event.h; drivers/pci/trace.h of v7.0.) Any bytes may come in.
std::optional<KernelEvent> decode_trace_line(std::string_view line);

}  // namespace slotd::event
