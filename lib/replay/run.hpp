#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/step.hpp"
#include "event/outcome.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "pci/topology.hpp"
#include "replay/script.hpp"
#include "replay/world.hpp"

namespace slotd::replay {

/// Inside this module only.

/// The history of the other course, through all runs.
class Memory {
public:
    explicit Memory(Duration window) : window_(window) {}

    void add(const history::Entry& entry, std::int64_t wall_us, const std::string& boot);
    history::Remembered recall(std::int64_t wall_us, const std::string& boot) const;

private:
    static constexpr std::size_t kRowsMax = 100'000;

    Duration window_;
    std::vector<history::Row> rows_;
};

/// An effect that was started, and what had to be assumed of its end.
struct Taken {
    action::Effect effect;
    std::string assumed;
};

struct Happened {
    std::int64_t wall_us = 0;
    std::uint64_t incident = 0;  ///< that the slot was in
    std::variant<action::Record, Taken> what;
};

/// One run of slotd, played to a coordinator on a clock of its own.
class Run {
public:
    /// `goes_on`: nothing came after it, so what was under way may come to its end.
    Run(Script script, const coordinator::Settings& settings, Memory& memory, std::string boot,
        bool goes_on);

    std::vector<Happened> play();

private:
    struct Completion {
        event::EffectId id = 0;
        event::Outcome outcome;
    };

    using Due = std::variant<Input, Completion, history::News>;

    void carry_out(const std::vector<coordinator::Action>& actions);
    void start(const coordinator::StartEffect& wanted);
    void tell(const Told& told);
    void deliver(const Due& due);
    std::int64_t wall() const;
    std::uint64_t incident_of(event::EffectId id) const;

    coordinator::Coordinator coordinator_;
    World world_;
    Memory& memory_;
    std::string boot_;
    std::multimap<Instant, Due> due_;
    Instant now_;
    Instant end_;
    std::int64_t wall_offset_us_ = 0;
    event::RequestId requests_ = 0;
    std::vector<Happened> happened_;
};

}  // namespace slotd::replay
