#include "daemon/executor/options.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <map>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "daemon/executor/crash_points.hpp"

namespace slotd::executor {

namespace {

constexpr const char* kDescription =
    "slotd-exec does what slotd decides: it is the part of slotd that needs root. slotd starts it; "
    "by hand it is of use with --open-gates, which puts back everything that slotd holds shut.";

constexpr const char* kFooter =
    "Exit codes: 0 done and every gate open; 2 wrong call; 3 not root; 4 another slotd-exec uses "
    "the state\n"
    "directory; 5 a gate could not be opened; 6 cannot start (socket, sysfs or state directory).";

constexpr int kFirstPassedFd = 3;

}  // namespace

std::expected<Options, ExitCode> parse_options(int argc, const char* const* argv) {
    Options options;
    CLI::App app(kDescription, "slotd-exec");
    app.footer(kFooter);
    app.set_version_flag("--version", std::string("slotd-exec ") + SLOTD_VERSION);
    auto* const fd = app.add_option("--fd", options.client_fd,
                                    "serve the SOCK_SEQPACKET socket with this number")
                         ->check(CLI::Range(kFirstPassedFd, 1'000'000));
    app.add_flag("--open-gates", options.open_gates,
                 "open every gate that is recorded as closed, say which, and end")
        ->excludes(fd);
    app.add_flag("--prepare-trace", options.prepare_trace,
                 "make slotd's trace instance, for a slotd that may not, and end")
        ->excludes(fd);
    app.add_flag("--surveys-only", options.surveys_only,
                 "find out who uses a card, refuse everything else, and keep no gate record")
        ->excludes("--open-gates", "--prepare-trace");
    std::uint32_t lock_patience_s = 0;
    app.add_option("--patience-s", lock_patience_s,
                   "wait so long for another slotd-exec to end (0 to 600)")
        ->check(CLI::Range(0, 600));
    app.add_option("--state-dir", options.state_dir, "where the gate record is")
        ->capture_default_str();
    app.add_option("--sysfs-root", options.sysfs_root, "use this tree instead of /sys")
        ->group("Test aids");
    app.add_option("--proc-root", options.proc_root, "use this tree instead of /proc")
        ->group("Test aids");
    app.add_option("--crash-at", options.crash_at,
                   "kill with SIGKILL at the n-th crash point that is reached")
        ->group("Test aids");
    const std::map<std::string, CrashVictim> victims{{"worker", CrashVictim::Worker},
                                                     {"executor", CrashVictim::Executor},
                                                     {"both", CrashVictim::Both},
                                                     {"client", CrashVictim::Client}};
    app.add_option("--crash-victim", options.crash_victim,
                   "whom: worker, executor, both, or client (slotd)")
        ->transform(CLI::CheckedTransformer(victims))
        ->group("Test aids");
    std::optional<std::uint32_t> deadline_max_ms;
    app.add_option("--deadline-max-ms", deadline_max_ms,
                   "call a worker wedged after this time at the latest")
        ->group("Test aids");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        (void)app.exit(asked);
        return std::unexpected(ExitCode::Ok);
    } catch (const CLI::ParseError& mistake) {
        (void)std::fprintf(stderr, "slotd-exec: %s; try 'slotd-exec --help'\n", mistake.what());
        return std::unexpected(ExitCode::Usage);
    }
    options.lock_patience = std::chrono::seconds(lock_patience_s);
    if (deadline_max_ms) {
        options.deadline_max = std::chrono::milliseconds(*deadline_max_ms);
    }
    return options;
}

}  // namespace slotd::executor
