#include "tests/house/purity_rules.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

#include "tests/house/source_file.hpp"

namespace slotd::house {

namespace {

struct Banned {
    std::string_view word;  // whole identifiers; "sto*" any that starts so
    std::string_view instead;
};

constexpr std::array kBanned{
    Banned{"steady_clock", "the time comes in as an argument"},
    Banned{"system_clock", "the time comes in as an argument"},
    Banned{"high_resolution_clock", "the time comes in as an argument"},
    Banned{"clock_gettime", "the time comes in as an argument"},
    Banned{"gettimeofday", "the time comes in as an argument"},
    Banned{"getenv", "settings come in as arguments"},
    Banned{"fopen", "files are read in lib/os"},
    Banned{"ifstream", "files are read in lib/os"},
    Banned{"ofstream", "files are written in lib/os"},
    Banned{"fstream", "files are read in lib/os"},
    Banned{"cout", "the library never prints; return the text"},
    Banned{"cerr", "the library never prints; return the text"},
    Banned{"printf", "the library never prints; return the text"},
    Banned{"fprintf", "the library never prints; return the text"},
    Banned{"puts", "the library never prints; return the text"},
    Banned{"fputs", "the library never prints; return the text"},
    Banned{"sprintf", "use fmt::format"},
    Banned{"snprintf", "use fmt::format"},
    Banned{"sscanf", "parse with base/parse.hpp"},
    Banned{"sto*", "it throws; parse with base/parse.hpp"},
    Banned{"ato*", "it hides errors; parse with base/parse.hpp"},
    Banned{"strto*", "parse with base/parse.hpp"},
    Banned{"thread", "one loop, no threads"},
    Banned{"jthread", "one loop, no threads"},
    Banned{"async", "one loop, no threads"},
    Banned{"mutex", "one loop, no locks"},
    Banned{"sleep", "a wait is a deadline in the phase"},
    Banned{"usleep", "a wait is a deadline in the phase"},
    Banned{"nanosleep", "a wait is a deadline in the phase"},
    Banned{"sleep_for", "a wait is a deadline in the phase"},
    Banned{"sleep_until", "a wait is a deadline in the phase"},
    Banned{"rand", "chance comes in as an argument"},
    Banned{"srand", "chance comes in as an argument"},
    Banned{"random_device", "chance comes in as an argument"},
    Banned{"new", "values, containers or make_unique"},
    Banned{"delete", "values, containers or make_unique"},
    Banned{"malloc", "values and containers"},
    Banned{"free", "values and containers"},
    Banned{"throw", "an operating error is a value, a mistake of ours SLOTD_ASSERT"},
};

// Functions of the C library start with these; a word of ours that does too is no call of theirs.
constexpr std::array<std::string_view, 15> kParsers{"stoi",  "stol", "stoll",  "stoul",   "stoull",
                                                    "stof",  "stod", "stold",  "atoi",    "atol",
                                                    "atoll", "atof", "strtol", "strtoul", "strtod"};

struct Exempt {
    std::string_view path;
    std::string_view word;
    std::string_view reason;
};

constexpr std::array kExempt{
    Exempt{"lib/base/assert.cpp", "fprintf", "the last words of a process that aborts"},
    Exempt{"lib/base/assert.cpp", "fputs", "the last words of a process that aborts"},
};

bool is_exempt(const SourceFile& file, std::string_view word) {
    for (const Exempt& exempt : kExempt) {
        if (exempt.path == file.path && exempt.word == word) {
            return true;
        }
    }
    return false;
}

bool matches(const Banned& banned, std::string_view word) {
    if (!banned.word.ends_with('*')) {
        return banned.word == word;
    }
    const std::string_view stem = banned.word.substr(0, banned.word.size() - 1);
    for (const std::string_view parser : kParsers) {
        if (parser == word && parser.starts_with(stem)) {
            return true;
        }
    }
    return false;
}

bool is_part(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

/// `= delete` declares; `x.free` and `->free` are members of ours.
bool is_harmless(std::string_view code, std::size_t at, std::string_view word) {
    const std::string_view before = code.substr(0, at);
    return (word == "delete" && before.ends_with("= ")) || before.ends_with('.') ||
           before.ends_with("->");
}

}  // namespace

Complaints check_purity(const SourceFile& file) {
    const std::string module = file.module();
    if (module.empty() || module == "os") {
        return {};
    }
    Complaints complaints;
    const std::string_view code = file.code;
    for (std::size_t at = 0; at < code.size();) {
        if (!is_part(code[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < code.size() && is_part(code[end])) {
            ++end;
        }
        const std::string_view word = code.substr(at, end - at);
        for (const Banned& banned : kBanned) {
            // The name between < and > of an include is a matter of the include rules.
            const bool included = at > 0 && code[at - 1] == '<' && end < code.size() &&
                                  code[end] == '>' && code.substr(0, at).ends_with("include <");
            if (matches(banned, word) && !included && !is_harmless(code, at, word) &&
                !is_exempt(file, word)) {
                complaints.push_back(complaint(file, line_at(code, at),
                                               fmt::format("{}: {}", word, banned.instead)));
            }
        }
        at = end;
    }
    return complaints;
}

Complaints check_decisions(const SourceFile& file) {
    if (file.module() != "coordinator") {
        return {};
    }
    Complaints complaints;
    const bool is_step = file.path.starts_with("lib/coordinator/step_");
    const auto lines = lines_of(file.code);
    for (std::size_t line = 0; line < lines.size(); ++line) {
        if (lines[line].find("default:") != std::string_view::npos) {
            complaints.push_back(complaint(file, line + 1, "default: name every case"));
        }
        // An arm of Overloaded stands at the start of its line: [&](const auto& event) {...}
        const std::size_t first = lines[line].find_first_not_of(' ');
        const std::string_view arm =
            first == std::string_view::npos ? "" : lines[line].substr(first);
        const std::size_t open = arm.find("](");
        if (is_step && arm.starts_with('[') && open != std::string_view::npos &&
            (arm.substr(open + 2).starts_with("const auto&") ||
             arm.substr(open + 2).starts_with("auto"))) {
            complaints.push_back(
                complaint(file, line + 1, "an arm for auto: name what changes nothing with OneOf"));
        }
    }
    return complaints;
}

}  // namespace slotd::house
