#include <cstdio>
#include <exception>
#include <utility>

#include "daemon/executor/options.hpp"
#include "daemon/executor/startup.hpp"

int main(int argc, char** argv) {
    using slotd::executor::ExitCode;
    try {
        const auto options = slotd::executor::parse_options(argc, argv);
        return std::to_underlying(options ? slotd::executor::run(*options) : options.error());
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "<2>slotd-exec: %s\n", error.what());
        return std::to_underlying(ExitCode::Unexpected);
    }
}
