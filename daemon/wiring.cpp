#include "daemon/wiring.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "control/answers.hpp"
#include "control/control_service.hpp"
#include "coordinator/coordinator.hpp"
#include "daemon/configuration.hpp"
#include "daemon/doctor_desk.hpp"
#include "daemon/executor_keeper.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/hooked.hpp"
#include "daemon/hooks.hpp"
#include "daemon/metered.hpp"
#include "daemon/options.hpp"
#include "daemon/outlets.hpp"
#include "daemon/settings.hpp"
#include "daemon/standstill.hpp"
#include "daemon/surveyor.hpp"
#include "engine/engine.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "history/news.hpp"
#include "metrics/meter.hpp"
#include "os/config_file.hpp"
#include "os/control_socket.hpp"
#include "os/event_loop.hpp"
#include "os/history_store.hpp"
#include "os/journal.hpp"
#include "os/sysfs_topology.hpp"
#include "os/trace_events.hpp"
#include "os/uevent_monitor.hpp"
#include "pci/topology.hpp"

namespace slotd::daemon {

using namespace std::chrono_literals;
using metrics::Source;

namespace {

constexpr Duration kClosingPatience = 20s;

/// An end that was decided while the parts were being put together.
struct Ended {
    ExitCode code;
    std::string why;
};

action::Record line(action::Priority priority, action::RecordKind kind, std::string text) {
    action::Record record;
    record.priority = priority;
    record.kind = kind;
    record.text = std::move(text);
    return record;
}

/// How long the start waits for what the history knows; after that it comes when it comes.
constexpr Duration kHistoryPatience = 2s;

/// All parts of the running daemon. Members are destroyed in reverse order: what calls goes before
/// what is called.
class Daemon {
public:
    Daemon(const Options& options, os::LoadedConfig loaded, os::EventLoop loop)
        : options_(options),
          loop_(std::move(loop)),
          journal_(os::Journal::open(stream(), STDERR_FILENO)),
          records_(journal_, loop_),
          metered_records_(records_, meter_),
          topology_(options.sysfs_root.value_or("/sys")),
          keeper_(options, loop_, metered_records_,
                  {.outcome = std::bind_front(&Daemon::ended, this),
                   .sampled =
                       [this](event::EffectId id, const event::Outcome& outcome) {
                           engine_.sampled(id, outcome, loop_.now());
                       },
                   .restarted =
                       [this] {
                           meter_.executor_restarted(loop_.now());
                           engine_.executor_restarted(loop_.now());
                       },
                   .lost = [this] { end(ExitCode::ExecutorLost); }}),
          surveyor_(options.survey_socket, keeper_, loop_, std::bind_front(&Daemon::ended, this)),
          answers_(keeper_.loans()),
          history_(history_settings_of(options, loaded.config)),
          memory_(history_),
          hooks_(loaded.config.hooks.directory, loaded.config.hooks.patience, loop_,
                 std::bind_front(&Daemon::ended, this)),
          hooked_executor_(
              surveyor_, hooks_,
              [this]() -> const coordinator::Coordinator& { return engine_.coordinator(); }),
          hooked_memory_(memory_, hooks_),
          metered_(
              {hooked_executor_, topology_, metered_records_, answers_, hooked_memory_, keeper_},
              meter_, loop_),
          engine_(settings_of(loaded.config), metered_.ports()),
          configuration_(options, std::move(loaded), {engine_, hooks_, metered_records_, loop_}),
          desk_(options.sysfs_root.value_or("/sys"), configuration_, engine_, keeper_, hooks_),
          metrics_(meter_, engine_, loop_, journal_),
          backend_({engine_, configuration_, loop_, keeper_.loans(), metered_, history_, desk_,
                    metrics_}),
          service_(backend_,
                   {.version = SLOTD_VERSION, .groups = os::access_groups(), .limits = {}}) {}

    ExitCode run() {
        std::optional<Ended> ended = set_up();
        if (!ended) {
            const auto code = loop_.run();
            os::notify_stopping();
            if (!code) {
                ended = Ended{ExitCode::Failed, code.error().message()};
            } else {
                ended = Ended{static_cast<ExitCode>(*code), "told to end"};
            }
        }
        return take_down(*ended);
    }

private:
    static std::string stream() {
        const char* const named = std::getenv("JOURNAL_STREAM");
        return named != nullptr ? named : "";
    }

    void end(ExitCode code) { loop_.stop(static_cast<int>(code)); }

    void ended(event::EffectId id, const event::Outcome& outcome) {
        // In this order: the engine may start the next effect on the same gate at once.
        meter_.effect_ended(id, outcome, loop_.now());
        engine_.effect_finished(id, outcome, loop_.now());
        desk_.seen(outcome);
        rearm();
    }

    void say(action::Priority priority, action::RecordKind kind, std::string text) {
        metered_records_.write(line(priority, kind, std::move(text)));
    }

    std::optional<Ended> set_up() {
        // In this order: hear first, so that nothing between the scan and the first event is lost;
        // be the only one before anything is touched.
        if (auto ended = listen_to_kernel()) {
            return ended;
        }
        if (auto ended = open_control()) {
            return ended;
        }
        if (auto ended = look_for_ports()) {
            return ended;
        }
        if (auto launched = keeper_.launch(); !launched) {
            return Ended{ExitCode::ExecutorLost, launched.error().message()};
        }
        if (auto opened = surveyor_.open(); !opened) {
            return Ended{ExitCode::Failed, opened.error().message()};
        }
        const auto stop = [this] { end(ExitCode::Ok); };
        const auto reload = [this] {
            (void)configuration_.reload("SIGHUP");  // the journal has what came of it
            rearm();
        };
        const std::array<std::pair<int, std::function<void()>>, 4> signals{
            {{SIGTERM, stop}, {SIGINT, stop}, {SIGHUP, reload}, {SIGCONT, [this] { went_on(); }}}};
        for (const auto& [number, arrived] : signals) {
            if (auto on = loop_.on_signal(number, arrived); !on) {
                return Ended{ExitCode::Failed, on.error().message()};
            }
        }
        return start_engine();
    }

    std::optional<Ended> look_for_ports() {
        auto topology = topology_.scan();
        if (!topology) {
            return Ended{ExitCode::NoPci, topology.error().message()};
        }
        if (topology->ports().empty() && options_.may_be_idle) {
            return Ended{ExitCode::Ok, "no PCIe port on this machine, nothing to watch"};
        }
        found_ = std::move(*topology);
        return std::nullopt;
    }

    std::optional<Ended> listen_to_kernel() {
        auto monitor = os::UeventMonitor::open();
        if (!monitor) {
            return Ended{ExitCode::Failed, monitor.error().message()};
        }
        monitor_.emplace(std::move(*monitor));
        if (auto ended = watch(monitor_->fd(), os::Turn::Kernel,
                               [this] { monitor_->readable(kernel_sink(Source::Uevents)); })) {
            return ended;
        }
        if (options_.sysfs_root) {
            desk_.no_trace(*options_.sysfs_root + " is a tree of files");
            return std::nullopt;  // the trace would be another machine's
        }
        auto passed = os::TraceEvents::passed_by_systemd();
        auto trace = passed ? Result<os::TraceEvents>(std::move(*passed)) : os::TraceEvents::open();
        if (!trace) {
            desk_.no_trace(trace.error().message());
            say(action::Priority::Warning, action::RecordKind::DaemonStarted,
                trace.error().message() + "; errors are heard of only when their recovery begins");
            return std::nullopt;
        }
        for (const std::string& unseen : trace->unseen()) {
            say(action::Priority::Info, action::RecordKind::DaemonStarted,
                "this kernel has no trace event " + unseen);
        }
        desk_.trace_without(trace->unseen());
        trace_.emplace(std::move(*trace));
        return watch(trace_->fd(), os::Turn::Kernel,
                     [this] { trace_->readable(kernel_sink(Source::Trace)); });
    }

    std::function<void(const event::KernelEvent&)> kernel_sink(Source source) {
        return [this, source](const event::KernelEvent& said) {
            engine_.kernel_said(said, loop_.now());
            meter_.kernel_said(said, source);
            desk_.heard(said);
        };
    }

    std::optional<Ended> open_control() {
        raise_descriptor_limit();
        auto socket = os::ControlSocket::open(service_, {.path = options_.control_socket});
        if (!socket) {
            const bool taken = socket.error().kind == ErrorKind::Busy;
            return Ended{taken ? ExitCode::AnotherInstance : ExitCode::Failed,
                         taken ? "another slotd serves " + options_.control_socket +
                                     "; end it first, or ask it with slotctl"
                               : socket.error().message()};
        }
        socket_ = std::move(*socket);
        records_.also_to(service_);
        answers_.to(service_);
        metrics_.of(service_);
        return watch(socket_->fd(), os::Turn::Client, [this] { socket_->ready(); });
    }

    std::optional<Ended> start_engine() {
        auto timer = loop_.timer(os::Turn::Deadline, [this] {
            if (standstill_.seen_at(loop_.now())) {
                went_on();
            } else {
                engine_.time_passed(loop_.now());
                rearm();
            }
        });
        if (!timer) {
            return Ended{ExitCode::Failed, timer.error().message()};
        }
        timer_ = std::move(*timer);
        // Holds and quarantines are in force before anything is touched.
        (void)history_.wait_for_news(kHistoryPatience);
        hear_history();
        if (auto watched = watch(history_.fd(), os::Turn::Completion, [this] { hear_history(); })) {
            return watched;
        }
        if (auto watched =
                watch(keeper_.fd(), os::Turn::Completion, [this] { keeper_.readable(); })) {
            return watched;
        }
        say(action::Priority::Notice, action::RecordKind::DaemonStarted,
            started_text(options_, configuration_.in_force()));
        engine_.start(std::exchange(found_, {}), loop_.now());
        if (auto watchdog = loop_.keep_watchdog(); !watchdog) {
            return Ended{ExitCode::Failed, watchdog.error().message()};
        }
        rearm();
        os::notify_ready(fmt::format("watching {} ports", engine_.coordinator().slots().size()));
        return std::nullopt;
    }

    void went_on() {
        standstill_.over(loop_.now());
        engine_.kernel_said(event::EventsMissed{"what happened while slotd did not run"},
                            loop_.now());
        rearm();
    }

    void hear_history() {
        for (history::News& news : history_.drain()) {
            if (auto* const answered = std::get_if<history::Answered>(&news)) {
                // Only the control interface asks.
                service_.answer(
                    control::HistoryAnswer{answered->ticket, std::move(answered->rows)});
            } else {
                engine_.history_said(news, loop_.now());
                meter_.history_said(news);
            }
        }
    }

    /// Each callback may have moved the next deadline.
    std::optional<Ended> watch(int fd, os::Turn turn, std::function<void()> readable) {
        auto watched = loop_.watch(fd, turn, [this, readable = std::move(readable)](os::Ready) {
            readable();
            engine_.kernel_drained(loop_.now());
            rearm();
        });
        if (!watched) {
            return Ended{ExitCode::Failed, watched.error().message()};
        }
        watches_.push_back(std::move(*watched));
        return std::nullopt;
    }

    void rearm() {
        records_.say_due();
        const Instant at = standstill_.deadline(engine_.next_deadline());
        if (timer_ && at != armed_) {
            armed_ = at;
            standstill_.armed(at, loop_.now());
            if (auto done = timer_.arm(at); !done) {
                say(action::Priority::Critical, action::RecordKind::DaemonStopping,
                    done.error().message());
                end(ExitCode::Failed);
            }
        }
    }

    ExitCode take_down(const Ended& ended) {
        watches_.clear();
        const bool failed = ended.code != ExitCode::Ok;
        say(failed ? action::Priority::Error : action::Priority::Notice,
            action::RecordKind::DaemonStopping, ended.why);
        ExitCode code = ended.code;
        if (auto closed = keeper_.close(kClosingPatience); !closed) {
            say(action::Priority::Critical, action::RecordKind::GateProblem,
                closed.error().message() + "; run slotd-exec --open-gates");
            code = code == ExitCode::Ok ? ExitCode::GateStillClosed : code;
        }
        records_.say_all();
        return code;
    }

    const Options& options_;
    os::EventLoop loop_;
    os::Journal journal_;
    Records records_;
    metrics::Meter meter_;
    MeteredRecords metered_records_;
    os::SysfsTopology topology_;
    pci::Topology found_;  ///< by the first scan, until the engine has it
    ExecutorKeeper keeper_;
    Surveyor surveyor_;
    Answers answers_;
    os::HistoryStore history_;
    Memory memory_;
    Hooks hooks_;
    HookedExecutor hooked_executor_;
    HookedMemory hooked_memory_;
    Metered metered_;
    engine::Engine engine_;
    Configuration configuration_;
    DoctorDesk desk_;
    MetricsText metrics_;
    EngineBackend backend_;
    control::ControlService service_;
    std::unique_ptr<os::ControlSocket> socket_;
    std::optional<os::UeventMonitor> monitor_;
    std::optional<os::TraceEvents> trace_;
    os::Timer timer_;
    Instant armed_ = kNever;
    Standstill standstill_;
    std::vector<os::Watch> watches_;
};

}  // namespace

ExitCode run(const Options& options, os::LoadedConfig loaded) {
    auto loop = os::EventLoop::open();
    if (!loop) {
        (void)std::fprintf(stderr, "<3>slotd: %s\n", loop.error().message().c_str());
        return ExitCode::Failed;
    }
    return Daemon(options, std::move(loaded), std::move(*loop)).run();
}

}  // namespace slotd::daemon
