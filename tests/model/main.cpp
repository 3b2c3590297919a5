// model_check: every reachable state of small worlds, held against the nine invariants of the
// design. See docs/proof.md.

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/model/explore.hpp"
#include "tests/model/setups.hpp"
#include "tests/model/state.hpp"
#include "tests/proof/violation.hpp"

namespace slotd::model {
namespace {

struct Options {
    std::string setup;          ///< part of a name; empty: all
    std::set<int> ignored;      ///< invariants
    std::optional<int> expect;  ///< a mutant's: the first violation must be of this invariant
    unsigned threads = 2;
    bool list = false;
    bool progress = false;
};

Options read_options(int argc, char** argv) {
    Options options;
    CLI::App app(
        "Explores every reachable state of small worlds and holds slotd's coordinator to "
        "the invariants of its design",
        "model_check");
    app.add_option("--setup", options.setup, "only setups whose name contains this");
    app.add_option("--ignore", options.ignored, "do not judge this invariant (1 to 9)");
    app.add_option("--expect", options.expect,
                   "stop at the first violation, and succeed if it is of this invariant");
    app.add_option("--threads", options.threads, "setups explored at the same time");
    app.add_flag("--progress", options.progress, "say on stderr how far it is");
    app.add_flag("--list", options.list, "name the setups");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    if (options.expect) {
        options.threads = 1;  // the first one is meant in the order of the setups
    }
    return options;
}

/// What all setups came to.
struct Sum {
    std::size_t states = 0;
    std::size_t depth = 0;
    proof::Violations violations;
};

void print(const Setup& setup, const Exploration& found, double seconds) {
    fmt::print("{}: states={} transitions={} depth={} longest-way-to-rest={} in {:.1f} s\n",
               setup.name, found.states, found.transitions, found.depth, found.fair_moves, seconds);
    for (const std::string& line : found.trace) {
        fmt::print("    {}\n", line);
    }
    for (const proof::Violation& one : found.violations) {
        fmt::print("  VIOLATION of invariant {}: {}\n", one.invariant, one.text);
    }
    (void)std::fflush(stdout);
}

Progress progress_of(const Setup& setup, const Options& options) {
    if (!options.progress) {
        return {};
    }
    return [&setup](std::size_t depth, std::size_t width, std::size_t states) {
        fmt::print(stderr, "{}: depth={} width={} states={}\n", setup.name, depth, width, states);
    };
}

Sum explore_all(const std::vector<Setup>& setups, const Options& options) {
    Sum sum;
    std::mutex mutex;
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t at = next++; at < setups.size(); at = next++) {
            const auto start = std::chrono::steady_clock::now();
            const Exploration found =
                explore(setups[at], options.ignored, progress_of(setups[at], options));
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
            const std::scoped_lock lock(mutex);
            print(setups[at], found, took.count());
            sum.states += found.states;
            sum.depth = std::max(sum.depth, found.depth);
            sum.violations.insert(sum.violations.end(), found.violations.begin(),
                                  found.violations.end());
            if (options.expect && !sum.violations.empty()) {
                next = setups.size();
            }
        }
    };
    std::vector<std::jthread> workers;
    for (unsigned one = 1; one < options.threads; ++one) {
        workers.emplace_back(work);
    }
    work();
    workers.clear();  // joins
    return sum;
}

int run(const Options& options) {
    std::vector<Setup> setups = all_setups();
    std::erase_if(setups, [&](const Setup& one) { return !one.name.contains(options.setup); });
    if (options.list || setups.empty()) {
        for (const Setup& one : setups.empty() ? all_setups() : setups) {
            fmt::print("{}\n", one.name);
        }
        return options.list ? 0 : 2;
    }
    const Sum sum = explore_all(setups, options);
    fmt::print("states={} depth={} violations={}\n", sum.states, sum.depth, sum.violations.size());
    if (!options.expect) {
        return sum.violations.empty() ? 0 : 1;
    }
    const bool as_expected =
        !sum.violations.empty() && std::ranges::all_of(sum.violations, [&](const auto& one) {
            return one.invariant == *options.expect;
        });
    fmt::print("{} violation of invariant {}, and of no other\n",
               as_expected ? "found, as expected, a" : "NOT as expected: wanted a",
               *options.expect);
    return as_expected ? 0 : 1;
}

}  // namespace
}  // namespace slotd::model

int main(int argc, char** argv) {
    // An assertion of the coordinator that fails is worth its trace, too.
    (void)::signal(SIGABRT, [](int) {
        (void)::signal(SIGABRT, SIG_DFL);
        for (const std::string& line : slotd::model::way_to_here()) {
            fmt::print("    {}\n", line);
        }
        fmt::print("  VIOLATION: the coordinator aborted\nviolations=1\n");
        (void)std::fflush(stdout);
        std::_Exit(3);
    });
    return slotd::model::run(slotd::model::read_options(argc, argv));
}
