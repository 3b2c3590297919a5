#include "report/timeline.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action/incident.hpp"
#include "base/result.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/journal.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "evidence/journal_line.hpp"
#include "os/journal_reader.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"
#include "report/printable.hpp"
#include "report/timeline_html.hpp"
#include "report/timeline_text.hpp"

namespace slotd::ctl {

namespace {

ExitCode no_such_incident(const std::string& why) {
    complain(why);
    return ExitCode::NoSuchSlot;
}

/// The one incident that the words name.
std::expected<std::uint64_t, ExitCode> find(os::JournalReader& journal, const std::string& name) {
    if (name == "last") {
        const auto last = journal.last_incident();
        if (!last) {
            return std::unexpected(unreadable(last.error()));
        }
        if (!*last) {
            return std::unexpected(no_such_incident("the journal has no incident"));
        }
        return **last;
    }
    const auto found = journal.incidents(name);
    if (!found) {
        return std::unexpected(unreadable(found.error()));
    }
    if (found->empty()) {
        return std::unexpected(no_such_incident("the journal has no incident " + name));
    }
    if (found->size() > 1) {
        constexpr std::size_t kNamed = 5;
        std::string why = fmt::format("{} is the beginning of {} incidents:", name, found->size());
        for (std::size_t index = 0; index < found->size() && index < kNamed; ++index) {
            why += " " + action::incident_text((*found)[index]);
        }
        return std::unexpected(no_such_incident(why + (found->size() > kNamed ? " ..." : "")));
    }
    return found->front();
}

Status write_file(const std::string& path, std::string_view text) {
    const os::UniqueFd file{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644)};
    if (!file || !write_all(file.get(), text)) {
        return std::unexpected(os::os_error(errno, "write " + path));
    }
    return {};
}

}  // namespace

ExitCode run_timeline(const TimelineCommand& wanted, const Invocation& invocation) {
    auto journal = open_journal(wanted.journal);
    if (!journal) {
        return unreadable(journal.error());
    }
    const auto incident = find(*journal, wanted.incident);
    if (!incident) {
        return incident.error();
    }
    const auto lines = journal->lines_of(*incident);
    if (!lines) {
        return unreadable(lines.error());
    }
    if (lines->empty()) {
        // Somebody else wrote the number into the journal.
        return no_such_incident("the journal has no line of slotd about incident " +
                                action::incident_text(*incident));
    }
    report::Timeline timeline = report::make_timeline(*lines);
    if (journal->is_cut()) {
        timeline.notes.emplace_back("The journal has more lines of it than are shown.");
    }
    const report::TimeZone zone = local_zone(timeline.began_us);
    if (wanted.html && *wanted.html != "-") {
        const auto written = write_file(*wanted.html, report::timeline_html(timeline, zone));
        if (!written) {
            complain(report::printable(written.error().message()));
            return ExitCode::OutcomeUnknown;
        }
        return ExitCode::Ok;
    }
    const std::string text =
        wanted.html       ? report::timeline_html(timeline, zone)
        : invocation.json ? report::timeline_json(timeline) + "\n"
                          : report::timeline_text(timeline, stdout_style(invocation.colour), zone);
    return finish(print(text), ExitCode::Ok);
}

}  // namespace slotd::ctl
