#include "replay/replay.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/incident.hpp"
#include "action/record.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "evidence/evidence.hpp"
#include "evidence/journal_line.hpp"
#include "history/entry.hpp"
#include "history/remembered.hpp"
#include "replay/run.hpp"
#include "replay/script.hpp"
#include "report/printable.hpp"

namespace slotd::replay {

using namespace std::chrono_literals;

namespace {

/// So far apart two incidents of a slot may begin and be the same one.
constexpr std::int64_t kSameWithinUs = 3'000'000;

/// One incident on either side.
struct Found {
    std::uint64_t id = 0;
    std::string port;
    std::string slot;
    std::int64_t wall_us = 0;
    std::string cause;
    Course course;
    std::vector<std::string> assumed;
};

bool refuses(action::RecordKind kind) {
    return kind == action::RecordKind::NoAction || kind == action::RecordKind::RequestRefused ||
           kind == action::RecordKind::InUse || kind == action::RecordKind::Quarantined ||
           kind == action::RecordKind::GateProblem || kind == action::RecordKind::Wedged;
}

/// Incidents by number, as lines tell of them.
class Incidents {
public:
    void add(const action::Record& record, std::int64_t wall_us) {
        if (record.incident == 0) {
            return;
        }
        Found& one = at(record.incident);
        if (one.course.incident.empty()) {
            one.course.incident = action::incident_text(record.incident);
            one.wall_us = wall_us;
            one.port = record.port ? record.port->to_string() : "";
            one.slot = report::printable(record.slot);
        }
        const std::string text = report::printable(record.text);
        const std::string phase = report::printable(record.phase);
        if (record.kind == action::RecordKind::IncidentOpened) {
            one.cause = text;
        } else if (record.kind == action::RecordKind::IncidentClosed) {
            one.course.end = text;
        } else if (refuses(record.kind)) {
            one.course.refusals.push_back(text);
        }
        if (one.course.phases.empty() || one.course.phases.back() != phase) {
            one.course.phases.push_back(phase);
        }
    }

    void step(std::uint64_t incident, const action::Effect& effect) {
        if (incident != 0) {
            at(incident).course.steps.push_back(action::to_string(effect));
        }
    }

    void assume(std::uint64_t incident, const std::string& what) {
        std::vector<std::string>& assumed = at(incident).assumed;
        if (std::ranges::find(assumed, what) == assumed.end()) {
            assumed.push_back(what);
        }
    }

    std::vector<Found> take() {
        std::erase_if(found_, [](const Found& one) { return one.course.incident.empty(); });
        return std::move(found_);
    }

private:
    Found& at(std::uint64_t incident) {
        const auto known = std::ranges::find(found_, incident, &Found::id);
        if (known != found_.end()) {
            return *known;
        }
        found_.emplace_back();
        found_.back().id = incident;
        return found_.back();
    }

    std::vector<Found> found_;
};

/// The steps that a line's evidence tells of, in the order in which they ended.
void add_steps(Incidents& incidents, const evidence::JournalLine& line,
               std::set<std::pair<std::string, std::uint64_t>>& inputs) {
    for (const evidence::Earlier& one : line.evidence->earlier) {
        const auto* const ended = std::get_if<evidence::EffectEnded>(&one.fact);
        if (ended != nullptr && is_step(ended->effect)) {
            incidents.step(line.record.incident, ended->effect);
        }
    }
    const auto* const ended = std::get_if<evidence::EffectEnded>(&line.evidence->cause);
    if (inputs.emplace(line.run, line.evidence->input).second && ended != nullptr &&
        is_step(ended->effect)) {
        incidents.step(line.record.incident, ended->effect);
    }
}

std::string without_numbers(const std::string& text) {
    std::string same;
    for (const char letter : text) {
        const bool digit = letter >= '0' && letter <= '9';
        if (!digit || same.empty() || same.back() != '#') {
            same += digit ? '#' : letter;
        }
    }
    return same;
}

bool same_course(const Course& one, const Course& other) {
    const auto plain = [](std::vector<std::string> texts) {
        std::ranges::transform(texts, texts.begin(), without_numbers);
        return texts;
    };
    return one.steps == other.steps && plain(one.refusals) == plain(other.refusals) &&
           without_numbers(one.end) == without_numbers(other.end);
}

std::vector<Compared> compared(std::vector<Found> did, std::vector<Found> would) {
    std::vector<Compared> all;
    for (Found& one : did) {
        Compared made{one.port,   one.slot,     one.wall_us, one.cause,
                      one.course, std::nullopt, {},          false};
        const auto match = std::ranges::find_if(would, [&](const Found& other) {
            return other.port == one.port &&
                   std::max(other.wall_us, one.wall_us) - std::min(other.wall_us, one.wall_us) <=
                       kSameWithinUs;
        });
        if (match != would.end()) {
            made.would = std::move(match->course);
            made.assumed = std::move(match->assumed);
            made.same = same_course(*made.did, *made.would);
            would.erase(match);
        }
        all.push_back(std::move(made));
    }
    for (Found& one : would) {
        all.push_back({one.port, one.slot, one.wall_us, one.cause, std::nullopt,
                       std::move(one.course), std::move(one.assumed), false});
    }
    std::ranges::stable_sort(all, {}, &Compared::wall_us);
    return all;
}

bool same_run(const evidence::JournalLine& one, const evidence::JournalLine& other) {
    return one.boot == other.boot && one.run == other.run;
}

}  // namespace

Report replay(const std::vector<evidence::JournalLine>& lines,
              const coordinator::Settings& settings) {
    Report report;
    Incidents did;
    Incidents would;
    Memory memory(settings.limits.budget_window);
    std::set<std::pair<std::string, std::uint64_t>> inputs;
    std::size_t unplayed = 0;
    for (auto begin = lines.begin(); begin != lines.end();) {
        const auto end = std::find_if(begin, lines.end(), [&](const evidence::JournalLine& line) {
            return !same_run(line, *begin);
        });
        const std::span<const evidence::JournalLine> run(begin, end);
        auto script = script_of(run);
        const bool playable = script.has_value();
        if (playable) {
            report.runs += 1;
            coordinator::Settings own = settings;
            own.session = static_cast<std::uint32_t>(report.runs);
            const bool last = end == lines.end();
            Run played(std::move(*script), own, memory, begin->boot, last);
            for (const Happened& one : played.play()) {
                if (const auto* const record = std::get_if<action::Record>(&one.what)) {
                    would.add(*record, one.wall_us);
                } else if (const auto* const taken = std::get_if<Taken>(&one.what)) {
                    if (is_step(taken->effect)) {
                        would.step(one.incident, taken->effect);
                    }
                    if (!taken->assumed.empty() && one.incident != 0) {
                        would.assume(one.incident, taken->assumed);
                    }
                }
            }
        }
        for (const evidence::JournalLine& line : run) {
            if (playable) {
                did.add(line.record, line.wall_us);
                if (line.evidence) {
                    add_steps(did, line, inputs);
                }
            } else {
                unplayed += 1;
            }
        }
        begin = end;
    }
    report.incidents = compared(did.take(), would.take());
    if (unplayed != 0) {
        report.notes.push_back(
            std::to_string(unplayed) +
            " lines are of runs of slotd whose beginning is not in this journal, or which wrote no "
            "SLOTD_EVENT; they are left out.");
    }
    if (report.runs != 0) {
        report.notes.emplace_back(
            "Attempts, holds and quarantines from before this journal are not known: every budget "
            "is taken as unspent at its beginning.");
    }
    return report;
}

}  // namespace slotd::replay
