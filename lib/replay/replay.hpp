#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/coordinator.hpp"
#include "evidence/journal_line.hpp"

namespace slotd::replay {

/// What became of one incident.
struct Course {
    std::string incident;               ///< its number, 16 hex digits
    std::vector<std::string> phases;    ///< that the slot went through
    std::vector<std::string> steps;     ///< resets, power, removals, rescans, in order
    std::vector<std::string> refusals;  ///< why something was not done
    std::string end;                    ///< how it ended; empty: it is open
    bool operator==(const Course&) const = default;
};

/// One incident under both configurations.
struct Compared {
    std::string port;
    std::string slot;
    std::int64_t wall_us = 0;  ///< when it was opened, since the epoch
    std::string cause;
    std::optional<Course> did;         ///< nullopt: there was none
    std::optional<Course> would;       ///< nullopt: there would have been none
    std::vector<std::string> assumed;  ///< what nobody knows of the other course
    bool same = true;                  ///< the same steps, refusals and end, but for numbers
    bool operator==(const Compared&) const = default;
};

struct Report {
    std::vector<Compared> incidents;  ///< in the order of time
    std::vector<std::string> notes;   ///< what holds for all of them, whole sentences
    std::size_t runs = 0;             ///< of slotd that could be played
    bool operator==(const Report&) const = default;
};

/// Plays what slotd was told, as its lines have it, to a coordinator with other settings. Effects
/// that it starts end as the same ones did; what was never tried is assumed to work, and said.
/// Lines come oldest first and may hold anything. Pure, and bounded: each run of slotd ends when
/// nothing happens any more, or after a number of steps.
Report replay(const std::vector<evidence::JournalLine>& lines,
              const coordinator::Settings& settings);

}  // namespace slotd::replay
