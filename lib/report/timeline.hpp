#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"
#include "evidence/journal_line.hpp"

namespace slotd::report {

/// Who acts.
enum class Lane : std::uint8_t {
    Aer,     ///< the kernel's error recovery
    Pciehp,  ///< the kernel's hot-plug: functions that come and go, link and presence
    Slotd,
    Owner,  ///< whoever uses the card: its driver, hooks, operators
};

inline constexpr std::size_t kLanes = 4;

/// "AER", "pciehp", "slotd", "owner".
const char* to_text(Lane lane);

/// How something is to be read.
enum class Tone : std::uint8_t { Plain, Good, Warning, Bad };

/// One thing that happened, in few words.
struct Happening {
    Duration at{};                 ///< since the incident's first line or fact
    std::optional<Duration> from;  ///< where it took a while and ended at `at`
    Lane lane = Lane::Slotd;
    std::string text;    ///< about 20 columns
    std::string detail;  ///< whole sentence
    Tone tone = Tone::Plain;
    bool operator==(const Happening&) const = default;
};

/// An actor at work.
struct AtWork {
    Lane lane = Lane::Aer;
    Duration from{};
    Duration until{};
    std::string detail;
    Tone tone = Tone::Plain;
    bool operator==(const AtWork&) const = default;
};

/// A line of slotd, whole.
struct SaidLine {
    Duration at{};
    action::Priority priority = action::Priority::Info;
    std::string text;
    bool operator==(const SaidLine&) const = default;
};

/// One incident as it stands in the journal. All text is printable.
struct Timeline {
    std::string incident;       ///< 16 hex digits
    std::string port;           ///< empty where no line says it
    std::string slot;           ///< name, may be empty
    std::int64_t began_us = 0;  ///< since the epoch: where `at` is 0
    Duration lasted{};
    std::string cause;    ///< of the line that opened it; empty where that is not in the journal
    std::string outcome;  ///< of the line that closed it; empty where it is open, or not there
    Tone tone = Tone::Plain;
    std::vector<Happening> happenings;  ///< by `at`
    std::vector<AtWork> at_work;        ///< by lane and `from`; of one lane they do not overlap
    std::vector<SaidLine> said;         ///< in the journal's order
    std::vector<std::string> notes;     ///< what is missing, whole sentences
    bool operator==(const Timeline&) const = default;
};

/// From the lines of one incident, oldest first; at least one. Their fields may hold anything.
Timeline make_timeline(const std::vector<evidence::JournalLine>& lines);

/// Whether `lane` is at work at that time; nullptr where it is not.
const AtWork* at_work(const Timeline& timeline, Lane lane, Duration at);

/// "plain", "good", "warning", "bad".
const char* to_text(Tone tone);

/// "1.734"
std::string seconds(Duration at);
/// "12 ms", "1.3 s", "94 s".
std::string brief_duration(Duration time);

/// "2026-11-26 15:22:23.120" of the time zone that is so far east of UTC.
std::string wall_clock(std::int64_t since_epoch_us, std::int64_t east_of_utc_s);

}  // namespace slotd::report
