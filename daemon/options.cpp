#include "daemon/options.hpp"

#include <cstdio>
#include <expected>
#include <string>

#include <CLI/CLI.hpp>

#include "daemon/exit_code.hpp"
#include "os/control_socket.hpp"

namespace slotd::daemon {

namespace {

constexpr const char* kDescription =
    "slotd watches every PCIe port, keeps AER recovery and hot-plug (pciehp) of a slot apart, and "
    "brings "
    "failed cards back. It runs in the foreground and writes what it decides to the journal, or to "
    "stderr. Ask it with slotctl.";

constexpr const char* kFooter =
    "Examples:\n"
    "  slotd --check-config /etc/slotd/slotd.toml\n"
    "  slotd --config /etc/slotd/slotd.toml\n"
    "\n"
    "Exit codes: 0 told to end; 1 failed; 2 wrong call; 3 bad configuration; 4 not root; 5 another "
    "slotd\n"
    "runs; 6 no PCI in sysfs; 7 a gate could not be opened at the end; 8 slotd-exec cannot be kept "
    "running.";

}  // namespace

std::expected<Options, ExitCode> parse_options(int argc, const char* const* argv) {
    Options options;
    options.control_socket = os::kDefaultControlPath;
    options.executor_state_dir = "/run/slotd-exec";
    CLI::App app(kDescription, "slotd");
    app.footer(kFooter);
    app.set_version_flag("--version", std::string("slotd ") + SLOTD_VERSION);
    auto* const config =
        app.add_option("--config", options.config,
                       "configuration file (default: /etc/slotd/slotd.toml, if it is there)");
    app.add_option(
           "--check-config", options.check_config,
           "report every mistake in this file and its drop-ins and end: 0 if there is none, else 3")
        ->excludes(config);
    app.add_flag("--may-be-idle", options.may_be_idle,
                 "end with 0 on a machine that has no PCIe port to watch");
    app.add_option("--executor-socket", options.executor_socket,
                   "use the slotd-exec that listens there, as slotd-exec.socket makes systemd "
                   "start it; without it slotd starts one, and must be root");
    app.add_option("--survey-socket", options.survey_socket,
                   "ask there who uses a card, as slotd-survey.socket makes systemd start it; "
                   "without it slotd-exec is asked");
    const char* const aids = "Test aids";
    app.add_option("--sysfs-root", options.sysfs_root, "use this tree instead of /sys")
        ->group(aids);
    app.add_option("--control-socket", options.control_socket, "where slotctl finds slotd")
        ->group(aids)
        ->capture_default_str();
    app.add_option("--executor-state-dir", options.executor_state_dir, "--state-dir of slotd-exec")
        ->group(aids)
        ->capture_default_str();
    app.add_option("--history-directory", options.history_directory,
                   "keep the history there, whatever the configuration says")
        ->group(aids);
    app.add_option("--executor-argument", options.executor_arguments,
                   "one more argument for the first slotd-exec; may be repeated")
        ->group(aids)
        ->allow_extra_args(false);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        (void)std::fputs(app.help().c_str(), stdout);
        return std::unexpected(ExitCode::Ok);
    } catch (const CLI::CallForVersion&) {
        (void)std::printf("slotd %s\n", SLOTD_VERSION);
        return std::unexpected(ExitCode::Ok);
    } catch (const CLI::ParseError& error) {
        (void)std::fprintf(stderr, "slotd: %s; try 'slotd --help'\n", error.what());
        return std::unexpected(ExitCode::Usage);
    }
    return options;
}

}  // namespace slotd::daemon
