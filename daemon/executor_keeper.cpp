#include "daemon/executor_keeper.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/options.hpp"
#include "engine/ports.hpp"
#include "event/outcome.hpp"
#include "os/event_loop.hpp"
#include "os/executor_client.hpp"

namespace slotd::daemon {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kDeathsMax = 5;
constexpr Duration kDeathsWindow = 60s;

}  // namespace

ExecutorKeeper::ExecutorKeeper(const Options& options, const os::EventLoop& loop,
                               engine::RecordSink& records, News news)
    : options_(options),
      loop_(loop),
      records_(records),
      news_(std::move(news)),
      client_(
          [this](event::EffectId id, const event::Outcome& outcome) { news_.outcome(id, outcome); },
          [this](const std::string& how) { ended(how); }) {}

Status ExecutorKeeper::launch() {
    if (options_.executor_socket) {
        return client_.connect(*options_.executor_socket);
    }
    auto program = os::executor_beside_us();
    if (!program) {
        return std::unexpected(std::move(program.error()));
    }
    std::vector<std::string> command{*program, "--state-dir", options_.executor_state_dir};
    if (options_.sysfs_root) {
        command.insert(command.end(), {"--sysfs-root", *options_.sysfs_root});
    }
    // Test aids are for the first one: what is started after a planted crash must work.
    if (deaths_.empty()) {
        command.insert(command.end(), options_.executor_arguments.begin(),
                       options_.executor_arguments.end());
    }
    return client_.launch(command);
}

void ExecutorKeeper::start(event::EffectId id, const action::Effect& effect) {
    if (const auto* const lent = std::get_if<action::ResetByLentFds>(&effect)) {
        client_.lend(id, effect, loans_.take(lent->request));  // and closes them here
        return;
    }
    client_.start(id, effect);
}

Status ExecutorKeeper::close(Duration patience) {
    return client_.close_and_wait(patience);
}

void ExecutorKeeper::ended(const std::string& how) {
    const Instant now = loop_.now();
    deaths_.push_back(now);
    ++deaths_total_;
    while (now - deaths_.front() > kDeathsWindow) {
        deaths_.pop_front();
    }
    action::Record record;
    record.priority = action::Priority::Critical;
    record.kind = action::RecordKind::GateProblem;
    record.text = "slotd-exec has ended (" + how + ")";
    const bool too_often = deaths_.size() > kDeathsMax;
    const Status launched = too_often ? Status{} : launch();
    if (too_often || !launched) {
        record.text +=
            too_often ? ", once too often within a minute" : ": " + launched.error().message();
        record.text += "; giving up, run slotd-exec --open-gates";
        records_.write(record);
        news_.lost();
        return;
    }
    record.text += "; started another, which opens all gates first";
    records_.write(record);
    news_.restarted();
}

}  // namespace slotd::daemon
