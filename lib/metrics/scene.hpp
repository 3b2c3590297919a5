#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/gate.hpp"
#include "coordinator/slot_status.hpp"
#include "metrics/exposition.hpp"
#include "metrics/meter.hpp"
#include "pci/address.hpp"
#include "policy/limits.hpp"

namespace slotd::metrics {

/// What is so at one moment, beside what the meter has counted.
struct Scene {
    std::vector<coordinator::SlotStatus> slots;
    std::set<coordinator::Gate> closed_gates;
    std::map<pci::Address, std::uint32_t> root_port_budget_left;
    std::uint32_t host_budget_left = 0;
    policy::Limits limits;
    std::string version;
    double started_at = 0;  ///< seconds since the epoch
    std::size_t clients = 0;
    std::size_t subscribers = 0;
    std::uint64_t missed_records = 0;  ///< by subscribers
    std::uint64_t dropped_lines = 0;   ///< by the journal
};

/// The part of it that the coordinator knows.
Scene scene_of(const coordinator::Coordinator& coordinator, Instant now);

/// Everything, as text. What the scene knows better of gates goes into the meter.
std::string metrics_text(Meter& meter, const Scene& scene, Instant now, Format format);

}  // namespace slotd::metrics
