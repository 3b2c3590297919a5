#include "replay/replay.hpp"

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "coordinator/coordinator.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/journal.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "evidence/journal_line.hpp"
#include "os/config_file.hpp"
#include "os/journal_reader.hpp"
#include "policy/config.hpp"
#include "replay/replay_text.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

ExitCode run_replay(const ReplayCommand& wanted, const Invocation& invocation) {
    const auto loaded = os::load_config(wanted.config, os::IfMissing::Fail);
    if (!loaded || !loaded->mistakes.empty()) {
        if (!loaded) {
            complain(report::printable(loaded.error().message()));
        } else {
            for (const std::string& mistake : loaded->mistakes) {
                complain(report::printable(mistake));
            }
        }
        return ExitCode::Usage;
    }
    const std::optional<std::string> path =
        wanted.journal == "local" ? std::nullopt : std::optional(wanted.journal);
    auto journal = open_journal(path);
    if (!journal) {
        return unreadable(journal.error());
    }
    const auto lines = journal->lines();
    if (!lines) {
        return unreadable(lines.error());
    }
    coordinator::Settings settings;
    settings.policy = loaded->config.policy;
    settings.limits = policy::limits_of(loaded->config);
    replay::Report told = replay::replay(*lines, settings);
    if (told.runs == 0) {
        complain(lines->empty() ? "the journal has no line of slotd"
                                : "the journal has no run of slotd from its beginning with "
                                  "SLOTD_EVENT: there is nothing to play");
        return ExitCode::NoSuchSlot;
    }
    if (journal->is_cut()) {
        told.notes.emplace_back("The journal has older lines than were read.");
    }
    const report::TimeZone zone = local_zone(lines->back().wall_us);
    const std::string text = invocation.json
                                 ? replay::replay_json(told) + "\n"
                                 : replay::replay_text(told, stdout_style(invocation.colour), zone);
    return finish(print(text), ExitCode::Ok);
}

}  // namespace slotd::ctl
