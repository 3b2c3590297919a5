#include <signal.h>

#include <cstdio>
#include <exception>
#include <utility>

#include "daemon/executor/options.hpp"
#include "daemon/executor/startup.hpp"

int main(int argc, char** argv) {
    using slotd::executor::ExitCode;
    // A stderr that nobody reads any more must not end this with gates closed.
    (void)::signal(SIGPIPE, SIG_IGN);
    try {
        const auto options = slotd::executor::parse_options(argc, argv);
        return std::to_underlying(options ? slotd::executor::run(*options) : options.error());
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "<2>slotd-exec: %s\n", error.what());
        return std::to_underlying(ExitCode::Unexpected);
    }
}
