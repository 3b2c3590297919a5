#pragma once

#include <cstddef>
#include <string>

#include "event/observation.hpp"
#include "event/usage.hpp"
#include "evidence/json_line.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

/// Inside this module only.

/// What follows a cause that is cut: its closing brackets, and how much was left out.
inline constexpr std::size_t kCauseBytesMax = 2800;

/// The elements that fit below kCauseBytesMax as an array, and how many did not as "NAME_left_out".
template <class Items, class Put>
void put_fitting(JsonLine& line, const std::string& name, const Items& items, Put put) {
    line.key(name);
    line.open('[');
    std::size_t kept = 0;
    for (const auto& item : items) {
        const std::size_t before = line.size();
        put(item);
        if (line.size() > kCauseBytesMax) {
            line.cut(before);
            break;
        }
        ++kept;
    }
    line.close(']');
    if (kept < items.size()) {
        line.key(name + "_left_out");
        line.number(items.size() - kept);
    }
}

void put(JsonLine& line, const event::Observation& seen);
void put(JsonLine& line, const event::Usage& usage);
void put(JsonLine& line, const pci::Port& port);

}  // namespace slotd::evidence
