#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "tests/sim/report.hpp"
#include "tests/sim/shrink.hpp"
#include "tests/sim/simulation.hpp"

namespace {

constexpr int kExitOk = 0;
constexpr int kExitViolated = 1;
constexpr int kExitUsage = 2;

void print(const std::string& text) {
    (void)std::fputs(text.c_str(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t first = 1;
    std::uint64_t count = 1;
    bool trace = false;
    int expected = 0;
    CLI::App app(
        "Runs slotd's engine on simulated machines with faults, one for each seed, and "
        "holds it to the invariants of its design. The same seed is the same run.");
    app.add_option("--first-seed", first, "the first seed (1)");
    app.add_option("--seeds", count, "how many seeds, one after the other (1)");
    app.add_option("--expect", expected,
                   "of a mutant: well if some seed violates this invariant, ill if none does")
        ->check(CLI::Range(1, 9));
    app.add_flag("--trace", trace, "print what happened, of good runs too");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& wrong) {
        (void)app.exit(wrong);
        return kExitUsage;
    }
    std::uint64_t violated = 0;
    for (std::uint64_t seed = first; seed - first < count; ++seed) {
        slotd::sim::announce_seed(seed);
        slotd::sim::Verdict verdict = slotd::sim::run(seed, {.trace = trace, .only = {}});
        if (expected != 0) {
            if (slotd::sim::violates(verdict, expected)) {
                print(fmt::format("seed {} finds the fault\n", seed));
                return kExitOk;
            }
            continue;
        }
        if (!verdict.violations.empty()) {
            ++violated;
            print(slotd::sim::report(slotd::sim::shrink(verdict)));
        } else if (trace) {
            print(slotd::sim::report(verdict));
        }
        (void)std::fflush(stdout);
    }
    print(fmt::format("seeds={} violations={}\n", count, violated));
    return violated == 0 && expected == 0 ? kExitOk : kExitViolated;
}
