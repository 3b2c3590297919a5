#include "report/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "action/incident.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "evidence/evidence.hpp"
#include "evidence/journal_line.hpp"
#include "report/printable.hpp"
#include "report/timeline_facts.hpp"

namespace slotd::report {

namespace {

using evidence::JournalLine;
using std::chrono::microseconds;

constexpr std::size_t index_of(Lane lane) {
    return static_cast<std::size_t>(lane);
}

/// What a line of slotd says beside the phase, in few words; empty for what the facts say already.
std::string_view brief(action::RecordKind kind) {
    switch (kind) {
        case action::RecordKind::IncidentOpened:
            return "incident opened";
        case action::RecordKind::IncidentClosed:
            return "incident closed";
        case action::RecordKind::Wedged:
            return "wedged";
        case action::RecordKind::RequestRefused:
            return "request refused";
        case action::RecordKind::GateProblem:
            return "gate problem";
        case action::RecordKind::NoAction:
            return "not done";
        case action::RecordKind::OverlapSeen:
            return "overlap seen";
        case action::RecordKind::InUse:
            return "in use";
        case action::RecordKind::VfsDiffer:
            return "VFs differ";
        case action::RecordKind::Quarantined:
            return "quarantined";
        case action::RecordKind::EffectFailed:
            return "step failed";
        case action::RecordKind::DaemonStarted:
        case action::RecordKind::DaemonStopping:
        case action::RecordKind::PhaseChanged:
        case action::RecordKind::RequestAccepted:
        case action::RecordKind::EventsMissed:
        case action::RecordKind::SlotsChanged:
        case action::RecordKind::Held:
        case action::RecordKind::History:
        case action::RecordKind::Configuration:
            break;
    }
    return "";
}

Tone tone_of(action::Priority priority) {
    return priority <= action::Priority::Error     ? Tone::Bad
           : priority == action::Priority::Warning ? Tone::Warning
                                                   : Tone::Plain;
}

bool has_driver_gone(const event::KernelEvent& event) {
    const auto* const seen = std::get_if<event::HotplugSeen>(&event);
    return seen != nullptr && seen->kind == event::HotplugKind::DriverUnbound;
}

bool has_driver_come(const event::KernelEvent& event) {
    const auto* const seen = std::get_if<event::HotplugSeen>(&event);
    return seen != nullptr && seen->kind == event::HotplugKind::DriverBound;
}

/// Collects facts on the wall's clock; what comes out is on the incident's.
class Collector {
public:
    explicit Collector(const std::vector<JournalLine>& lines) {
        for (const JournalLine& line : lines) {
            if (line.evidence) {
                offsets_.try_emplace(
                    line.boot, microseconds(line.wall_us) - line.evidence->at.time_since_epoch());
            }
        }
        for (const JournalLine& line : lines) {
            add(line);
        }
        finish();
    }

    Timeline timeline;

private:
    Duration on_wall(const JournalLine& line, Instant at) const {
        return at.time_since_epoch() + offsets_.at(line.boot);
    }

    void add(const JournalLine& line) {
        const Duration at =
            line.evidence ? on_wall(line, line.evidence->at) : Duration(microseconds(line.wall_us));
        if (line.evidence) {
            add_evidence(line, *line.evidence);
        } else {
            without_evidence_ += 1;
        }
        add_record(line.record, at);
    }

    void add_evidence(const JournalLine& line, const evidence::Evidence& evidence) {
        for (const evidence::Earlier& one : evidence.earlier) {
            const Duration at = on_wall(line, one.at);
            if (const auto* const said = std::get_if<event::KernelEvent>(&one.fact)) {
                put(happening(*said, at, one.times));
                kernel_events_.emplace_back(at, *said);
            } else {
                put(happening(std::get<evidence::EffectEnded>(one.fact), at));
            }
        }
        left_out_ += evidence.left_out;
        if (!inputs_.emplace(line.run, evidence.input).second) {
            return;  // the cause of the line before
        }
        const Duration at = on_wall(line, evidence.at);
        put(happening(evidence.cause, at));
        if (const auto* const said = std::get_if<event::KernelEvent>(&evidence.cause)) {
            kernel_events_.emplace_back(at, *said);
        }
    }

    void put(std::optional<Happening> one) {
        if (one) {
            timeline.happenings.push_back(std::move(*one));
        }
    }

    void add_record(const action::Record& record, Duration at) {
        const std::string text = printable(record.text);
        timeline.said.push_back({at, record.priority, text});
        if (record.kind == action::RecordKind::PhaseChanged) {
            phases_.emplace_back(at, printable(record.phase), text);
            put(Happening{at, std::nullopt, Lane::Slotd, printable(record.phase), text,
                          tone_of(record.priority)});
        } else if (const auto words = brief(record.kind); !words.empty()) {
            const bool closed = record.kind == action::RecordKind::IncidentClosed;
            const Tone tone = tone_of(record.priority);
            put(Happening{at, std::nullopt, Lane::Slotd, std::string(words), text,
                          closed && tone == Tone::Plain ? Tone::Good : tone});
        }
        if (record.kind == action::RecordKind::IncidentOpened) {
            timeline.cause = text;
        }
        if (record.kind == action::RecordKind::IncidentClosed) {
            timeline.outcome = text;
            const Tone tone = tone_of(record.priority);
            timeline.tone = tone == Tone::Plain ? Tone::Good : tone;
        }
        if (timeline.port.empty() && record.port) {
            timeline.port = record.port->to_string();
        }
        if (timeline.slot.empty()) {
            timeline.slot = printable(record.slot);
        }
        if (record.incident != 0) {
            timeline.incident = action::incident_text(record.incident);
        }
    }

    /// Between beginnings and ends of `lane`. Ends that come late, of the next function, prolong.
    void add_work(Lane lane, const std::string& detail, auto begins, auto ends) {
        std::vector<AtWork> found;
        bool open = false;
        for (const auto& [at, event] : kernel_events_) {
            if (begins(event) && !open) {
                found.push_back({lane, at, end_, detail, Tone::Warning});
                open = true;
            } else if (ends(event) && !found.empty()) {
                found.back().until = at;
                open = false;
            }
        }
        std::ranges::move(found, std::back_inserter(timeline.at_work));
    }

    void add_phases() {
        for (std::size_t index = 0; index < phases_.size(); ++index) {
            const auto& [at, phase, text] = phases_[index];
            const Duration until =
                index + 1 < phases_.size() ? std::get<0>(phases_[index + 1]) : end_;
            if (phase != "idle" && until > at) {
                const bool waits = phase == "soaking" || phase == "cooling-down";
                timeline.at_work.push_back({Lane::Slotd, at, until, phase + ": " + text,
                                            waits ? Tone::Good : Tone::Plain});
            }
        }
    }

    void finish() {
        const auto of_lane = [](Lane lane) {
            return [lane](const event::KernelEvent& event, Turn turn) {
                const auto one = happening(event, {}, 1);
                return one && one->lane == lane && turn_of(event) == turn;
            };
        };
        std::ranges::stable_sort(timeline.happenings, {}, &Happening::at);
        std::ranges::stable_sort(kernel_events_, {}, [](const auto& one) { return one.first; });
        // A clock that was set back between two boots, or somebody who wrote lines of his own.
        std::ranges::stable_sort(phases_, {}, [](const auto& one) { return std::get<0>(one); });
        Duration begin = timeline.said.front().at;
        end_ = timeline.said.back().at;
        for (const Happening& one : timeline.happenings) {
            begin = std::min(begin, one.from.value_or(one.at));
            end_ = std::max(end_, one.at);
        }
        for (const Lane lane : {Lane::Aer, Lane::Pciehp}) {
            const auto is = of_lane(lane);
            add_work(
                lane, lane == Lane::Aer ? "the kernel recovers" : "the kernel hot-plugs",
                [&](const auto& event) { return is(event, Turn::Begins); },
                [&](const auto& event) { return is(event, Turn::Ends); });
        }
        add_phases();
        add_work(Lane::Owner, "without a driver", has_driver_gone, has_driver_come);
        move_to(begin);
        add_notes();
    }

    void move_to(Duration begin) {
        for (Happening& one : timeline.happenings) {
            one.at -= begin;
            if (one.from) {
                *one.from -= begin;
            }
        }
        for (AtWork& one : timeline.at_work) {
            one.from -= begin;
            one.until -= begin;
        }
        for (SaidLine& one : timeline.said) {
            one.at -= begin;
        }
        timeline.began_us = std::chrono::duration_cast<microseconds>(begin).count();
        timeline.lasted = end_ - begin;
    }

    void add_notes() {
        if (without_evidence_ == timeline.said.size()) {
            timeline.notes.emplace_back(
                "These lines have no SLOTD_EVENT: they are of a slotd that did not write it, so "
                "only slotd's own lane is known.");
        } else if (without_evidence_ != 0) {
            timeline.notes.push_back(
                fmt::format("{} of {} lines have no SLOTD_EVENT that this slotctl understands.",
                            without_evidence_, timeline.said.size()));
        }
        if (left_out_ != 0) {
            timeline.notes.push_back(fmt::format(
                "{} more facts found no room in slotd's lines: only the newest are kept.",
                left_out_));
        }
    }

    std::map<std::string, Duration> offsets_;  ///< of each boot: wall minus its monotonic clock
    std::set<std::pair<std::string, std::uint64_t>> inputs_;
    std::vector<std::pair<Duration, event::KernelEvent>> kernel_events_;
    std::vector<std::tuple<Duration, std::string, std::string>> phases_;
    std::size_t without_evidence_ = 0;
    std::uint64_t left_out_ = 0;
    Duration end_{};
};

}  // namespace

const char* to_text(Lane lane) {
    constexpr std::array kNames{"AER", "pciehp", "slotd", "owner"};
    static_assert(kNames.size() == kLanes);
    return kNames[index_of(lane)];
}

const char* to_text(Tone tone) {
    switch (tone) {
        case Tone::Plain:
            return "plain";
        case Tone::Good:
            return "good";
        case Tone::Warning:
            return "warning";
        case Tone::Bad:
            return "bad";
    }
    return "plain";
}

std::string seconds(Duration at) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at).count();
    return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

Timeline make_timeline(const std::vector<JournalLine>& lines) {
    return Collector(lines).timeline;
}

const AtWork* at_work(const Timeline& timeline, Lane lane, Duration at) {
    const auto found = std::ranges::find_if(timeline.at_work, [&](const AtWork& one) {
        return one.lane == lane && one.from <= at && at < one.until;
    });
    return found == timeline.at_work.end() ? nullptr : &*found;
}

std::string brief_duration(Duration time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return ms < 1000    ? fmt::format("{} ms", ms)
           : ms < 10000 ? fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100)
                        : fmt::format("{} s", ms / 1000);
}

std::string wall_clock(std::int64_t since_epoch_us, std::int64_t east_of_utc_s) {
    // Years that have four digits.
    constexpr std::int64_t kMost = 253'402'300'799;
    const std::int64_t seconds =
        std::clamp<std::int64_t>(since_epoch_us / 1'000'000 + east_of_utc_s, 0, kMost);
    const std::int64_t milliseconds = since_epoch_us < 0 ? 0 : since_epoch_us / 1000 % 1000;
    const std::chrono::days day(seconds / 86'400);
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::int64_t rest = seconds % 86'400;
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       rest / 3600, rest / 60 % 60, rest % 60, milliseconds);
}

}  // namespace slotd::report
