#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "daemon/configuration.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/options.hpp"
#include "daemon/wiring.hpp"

namespace {

using slotd::daemon::ExitCode;
using slotd::daemon::Options;

void complain(const std::string& text) {
    (void)std::fprintf(stderr, "<3>slotd: %s\n", text.c_str());
}

ExitCode run(const Options& options) {
    const bool checking = options.check_config.has_value();
    auto loaded = slotd::daemon::load_configuration(options);
    if (!loaded) {
        complain(loaded.error().message());
        return ExitCode::BadConfig;
    }
    for (const std::string& mistake : loaded->mistakes) {
        complain(mistake);
    }
    if (!loaded->mistakes.empty()) {
        return ExitCode::BadConfig;
    }
    if (checking) {
        for (const std::string& file : loaded->files) {
            (void)std::printf("%s: no mistakes\n", file.c_str());
        }
        return ExitCode::Ok;
    }
    // A tree of files may be anybody's; the machine's own slots are root's.
    if (!options.sysfs_root && !options.executor_socket && ::geteuid() != 0) {
        complain(
            "must be root, or be started by systemd together with slotd-exec: slotd starts "
            "slotd-exec, which writes to /sys and to config space");
        return ExitCode::NotRoot;
    }
    return slotd::daemon::run(options, std::move(*loaded));
}

/// A reply about thousands of slots is megabytes. glibc takes the first one that is freed for a
/// sign that more will come, and has them in the heap from then on, which keeps them.
constexpr int kOwnPagesFrom = 128 * 1024;

}  // namespace

int main(int argc, char** argv) {
    (void)::mallopt(M_MMAP_THRESHOLD, kOwnPagesFrom);
    // A stderr that nobody reads any more is no reason to end; its lines are counted as dropped.
    (void)::signal(SIGPIPE, SIG_IGN);
    try {
        const auto options = slotd::daemon::parse_options(argc, argv);
        return std::to_underlying(options ? run(*options) : options.error());
    } catch (const std::exception& error) {
        complain(error.what());
        return std::to_underlying(ExitCode::Failed);
    }
}
