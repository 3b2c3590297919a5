#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "event/kernel_event.hpp"

namespace slotd::event {

/// Judges from the SEQNUM of the uevents that arrive which ones did not.
///
/// The number counts every uevent of the machine, so it means something only to a listener without
/// a filter, and a hole in it is not always a loss:
/// - since v6.10 a number is taken before the lock under which messages are sent
/// (lib/kobject_uevent.c),
///   so two CPUs can send in the other order: a hole counts only when it is older than kGrace;
/// - uevents of a network interface go to its own network namespace only: on a host with containers
///   holes are normal. What this socket itself lost is known exactly (SO_MEMINFO), so a hole that
///   the socket did not make is reported, but not more often than once in kQuiet, with what came
///   together meanwhile.
class SequenceGaps {
public:
    /// A message that was overtaken waits for a mutex only; a second is an age.
    static constexpr Duration kGrace = std::chrono::seconds(1);
    static constexpr Duration kQuiet = std::chrono::minutes(10);
    static constexpr std::size_t kHolesMax = 64;

    /// `number` has arrived.
    void arrived(std::uint64_t number, Instant now);
    /// The socket said that it lost messages, and that has been reported: the holes it made are
    /// accounted for, up to the first message after the next queue_empty().
    void loss_reported();
    /// Everything that had been queued has arrived.
    void queue_empty();
    /// When judge() should be called; kNever where nothing is open.
    Instant next_deadline() const;
    /// The holes that are due, as one event; nullopt while there is nothing to say.
    std::optional<EventsMissed> judge(Instant now);

private:
    struct Hole {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        Instant seen;
    };

    void came_late(std::uint64_t number);
    void count(const Hole& hole);

    std::optional<std::uint64_t> expected_;
    std::vector<Hole> holes_;  // by number, never more than kHolesMax
    bool loss_is_reported_ = false;
    std::uint64_t missing_ = 0;  // counted, not yet said
    std::uint64_t missing_first_ = 0;
    std::uint64_t missing_last_ = 0;
    std::optional<Instant> quiet_until_;
};

}  // namespace slotd::event
