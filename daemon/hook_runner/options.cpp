#include "daemon/hook_runner/options.hpp"

#include <expected>

#include <CLI/CLI.hpp>

namespace slotd::hook_runner {

std::expected<Options, int> parse_options(int argc, const char* const* argv) {
    Options options;
    CLI::App app{
        "Runs the programs in a folder for slotd's hooks: before each step of a reset, where one "
        "that "
        "fails objects to it, and after its end. Started by systemd for each connection, with the "
        "connection as standard input; see docs/hooks.md."};
    app.add_option(
           "--listen", options.listen,
           "make this socket and serve it, one connection after the other, until told to end")
        ->type_name("PATH");
    app.add_option("--directory", options.directories,
                   "folder of programs, of several the earlier hides a namesake in a later")
        ->type_name("DIR")
        ->capture_default_str();
    app.set_version_flag("--version", SLOTD_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return std::unexpected(code == 0 ? 0 : 2);
    }
    return options;
}

}  // namespace slotd::hook_runner
