#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"

namespace slotd::action {

/// Holds back the same line over and over, and says how often. Lines are the same where kind,
/// priority, port, incident, attempt and phase are, and the text but for its numbers; so nothing of
/// one incident's story is lost because another had the same. The first `lines` of a window always
/// go out, and Critical ones every time. A value: the time comes in.
class LineLimit {
public:
    struct Bounds {
        std::uint32_t lines = 20;  ///< of one kind that go out in a window
        Duration window = std::chrono::minutes(1);
        std::size_t kinds_max = 64;  ///< watched at a time; the oldest window ends for a new one
    };

    LineLimit() : LineLimit(Bounds{}) {}

    explicit LineLimit(const Bounds& bounds) : bounds_(bounds) {}

    /// What is to be written now: first how many lines were held back in windows that have ended,
    /// then `record` itself unless it is held back.
    std::vector<Record> admit(const Record& record, Instant now);
    /// The first half of that, without a line: whoever is awake anyway asks.
    std::vector<Record> due(Instant now);
    /// All windows end: nothing more will be written.
    std::vector<Record> finish(Instant now);

private:
    struct Window {
        Instant began;
        std::uint32_t admitted = 0;
        std::uint64_t held_back = 0;
        Record last;  ///< of those held back
    };

    using Windows = std::map<std::string, Window>;

    /// Ends a window; appends what is to be said of it.
    Windows::iterator end(Windows::iterator at, Instant now, std::vector<Record>& said);

    Bounds bounds_;
    Windows windows_;
    Instant next_end_ = kNever;  ///< no window ends before
};

}  // namespace slotd::action
