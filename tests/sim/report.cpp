#include "tests/sim/report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/proof/violation.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/simulation.hpp"

namespace slotd::sim {

namespace {

// What the signal handler prints, made before it is needed.
std::array<char, 64> last_words{};
std::size_t last_words_size = 0;

void say_last_words(int) {
    [[maybe_unused]] const auto written =
        ::write(STDOUT_FILENO, last_words.data(), last_words_size);
}

}  // namespace

void announce_seed(std::uint64_t seed) {
    const auto made = fmt::format_to_n(last_words.data(), last_words.size(),
                                       "aborted at seed {}\nseeds=1 violations=1\n", seed);
    last_words_size = std::min(made.size, last_words.size());
    (void)std::signal(SIGABRT, say_last_words);
}

bool violates(const Verdict& verdict, int invariant) {
    return std::ranges::find(verdict.violations, invariant, &proof::Violation::invariant) !=
           verdict.violations.end();
}

std::string report(const Verdict& verdict) {
    std::string text = fmt::format("== seed {}\n", verdict.seed);
    for (const std::string& line : verdict.machine) {
        text += "   " + line + "\n";
    }
    text += "-- planned\n";
    for (const Planned& planned : verdict.plan) {
        text += fmt::format(
            "   {:>9.3f} s  {:<13} {}\n",
            std::chrono::duration_cast<std::chrono::duration<double>>(planned.at).count(),
            planned.port.to_string(), to_text(planned.trouble));
    }
    text += "-- happened\n";
    for (const std::string& line : verdict.trace) {
        text += line + "\n";
    }
    for (const proof::Violation& violation : verdict.violations) {
        text += fmt::format("seed {} violates invariant {}: {}\n", verdict.seed,
                            violation.invariant, violation.text);
    }
    return text;
}

}  // namespace slotd::sim
