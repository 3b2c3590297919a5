#include "tests/house/include_rules.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/house/source_file.hpp"

namespace slotd::house {

namespace {

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream stream{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

/// Standard headers whose whole purpose a pure module must not have.
constexpr std::array kImpureStandardHeaders{
    "cstdio",  "cstdlib",   "ctime",  "csignal",   "fstream", "iostream",           "filesystem",
    "thread",  "mutex",     "atomic", "future",    "random",  "condition_variable", "shared_mutex",
    "barrier", "semaphore", "latch",  "stop_token"};

/// "vector" is of C++; "unistd.h", "sys/stat.h" and "libudev.h" are of somebody else.
bool is_standard(std::string_view header) {
    for (const char letter : header) {
        if (std::islower(static_cast<unsigned char>(letter)) == 0 && letter != '_' &&
            std::isdigit(static_cast<unsigned char>(letter)) == 0) {
            return false;
        }
    }
    return true;
}

std::string outside_complaint(const std::string& module, std::string_view header) {
    if (header.starts_with("fmt/")) {
        return "";
    }
    if (header.starts_with("nlohmann/")) {
        const bool allowed = module == "base" || module == "evidence" || module == "control" ||
                             module == "report" || module == "replay";
        return allowed ? "" : "JSON belongs into base, evidence, replay, control and report";
    }
    if (!is_standard(header)) {
        return fmt::format("<{}> belongs into lib/os or daemon", header);
    }
    for (const std::string_view impure : kImpureStandardHeaders) {
        if (header == impure && module != "base") {
            return fmt::format("<{}> has no place in a pure module", header);
        }
    }
    return "";
}

std::string inside_complaint(const SourceFile& file, const std::string& module,
                             std::string_view header, const Modules& modules) {
    const std::string target(header.substr(0, header.find('/')));
    if (module.empty()) {
        if (target == "tests" && file.path.starts_with("daemon/")) {
            return fmt::format("the daemon must not know \"{}\"", header);
        }
        // The lab's guest programs are built by the lab, each folder for itself.
        const bool known = modules.contains(target) || target == "daemon" || target == "tests" ||
                           file.path.starts_with("tests/lab/guest/");
        return known ? "" : fmt::format("\"{}\" is no path from lib/ or the repository", header);
    }
    const auto own = modules.find(module);
    if (own == modules.end()) {
        return fmt::format("module {} is not in lib/CMakeLists.txt", module);
    }
    if (target == module || own->second.contains(target)) {
        return "";
    }
    return fmt::format("{} must not know \"{}\": lib/CMakeLists.txt gives it no dependency on {}",
                       module, header, target);
}

}  // namespace

Modules modules_of_cmake(std::string_view cmake, Complaints& complaints) {
    constexpr std::string_view kCall = "\nslotd_library(";
    const std::string text = "\n" + std::string(cmake);
    Modules modules;
    for (std::size_t at = text.find(kCall); at != std::string::npos;
         at = text.find(kCall, at + 1)) {
        const std::size_t open = at + kCall.size();
        const auto words = words_of(text.substr(open, text.find(')', open) - open));
        if (words.empty()) {
            continue;
        }
        std::set<std::string>& known = modules[words.front()];
        bool depends = false;
        for (std::size_t word = 1; word < words.size(); ++word) {
            if (words[word] == "DEPENDS" || words[word] == "LIBRARIES") {
                depends = words[word] == "DEPENDS";
            } else if (depends) {
                known.insert(words[word]);
                if (words[word] == words.front() || !modules.contains(words[word])) {
                    complaints.push_back(fmt::format(
                        "lib/CMakeLists.txt: {} depends on {}, which does not come before it",
                        words.front(), words[word]));
                }
            }
        }
    }
    return modules;
}

Modules modules_of_architecture(std::string_view markdown) {
    Modules modules;
    for (const std::string_view line : lines_of(markdown)) {
        if (!line.starts_with("| `")) {
            continue;
        }
        const std::size_t end = line.find('`', 3);
        const std::size_t last = line.rfind('|');
        const std::size_t column = line.rfind('|', last - 1);
        if (end == std::string_view::npos || column <= end) {
            continue;
        }
        std::set<std::string>& known = modules[std::string(line.substr(3, end - 3))];
        for (const std::string& word : words_of(line.substr(column + 1, last - column - 1))) {
            if (word != "-") {
                known.insert(word);
            }
        }
    }
    return modules;
}

Complaints check_includes(const SourceFile& file, const Modules& modules) {
    const std::string module = file.module();
    const auto code_lines = lines_of(file.code);
    const auto text_lines = lines_of(file.text);
    Complaints complaints;
    for (std::size_t line = 0; line < code_lines.size(); ++line) {
        if (!code_lines[line].starts_with("#include ")) {
            continue;
        }
        // The name between quotes is blanked in the code; a commented include is blanked whole.
        const std::string_view text = text_lines[line].substr(9);
        const bool quoted = text.starts_with('"');
        const std::string_view header = text.substr(1, text.find(quoted ? '"' : '>', 1) - 1);
        std::string found;
        if (quoted) {
            found = inside_complaint(file, module, header, modules);
        } else if (!module.empty() && module != "os") {
            found = outside_complaint(module, header);
        }
        if (!found.empty()) {
            complaints.push_back(complaint(file, line + 1, found));
        }
    }
    return complaints;
}

}  // namespace slotd::house
