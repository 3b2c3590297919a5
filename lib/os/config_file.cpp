#include "os/config_file.hpp"

// The only place that knows toml++. Without exceptions its parser returns the error as a value.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// Its assertions do not hold for every text: "[!x]" would abort slotd. Without them the parser says
// what is wrong there; with NDEBUG it would take them for granted, which is worse.
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <fcntl.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/config_drop_ins.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"
#include "policy/config.hpp"
#include "policy/config_entry.hpp"
#include "report/printable.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;
/// Of one line. toml++ makes a table of each part of a dotted key and takes tables apart by
/// recursion: a key of some 100,000 parts would end the stack. No line with a meaning has so many
/// dots.
constexpr std::size_t kDotsMax = 4096;

const char* type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "table";
        case toml::node_type::array:
            return "array";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time:
            return "date or time";
        case toml::node_type::none:
        case toml::node_type::string:
        case toml::node_type::integer:
        case toml::node_type::floating_point:
        case toml::node_type::boolean:
            break;
    }
    return "value";
}

policy::ConfigScalar scalar_of(const toml::node& node) {
    if (const auto* const flag = node.as_boolean()) {
        return flag->get();
    }
    if (const auto* const number = node.as_integer()) {
        return number->get();
    }
    if (const auto* const number = node.as_floating_point()) {
        return number->get();
    }
    if (const auto* const text = node.as_string()) {
        return text->get();
    }
    return policy::Misfit{type_name(node)};
}

policy::ConfigValue value_of(const toml::node& node) {
    if (const toml::array* const array = node.as_array()) {
        policy::ConfigList list;
        for (const toml::node& element : *array) {
            list.push_back(scalar_of(element));
        }
        return list;
    }
    return std::visit([](auto&& value) { return policy::ConfigValue(std::move(value)); },
                      scalar_of(node));
}

std::size_t line_of(const toml::source_region& where) {
    return where.begin.line;
}

/// One table of the file. Only the tables of a [[...]] have a table inside that means something,
/// and nothing deeper does: a deeper table is one Misfit and needs no walk.
void list_table(const toml::table& table, const std::string& name, std::size_t line,
                std::size_t index, std::vector<policy::ConfigEntry>& entries) {
    entries.push_back({name, "", policy::Misfit{"table"}, line, index});
    for (const auto& [key, value] : table) {
        const std::string outer(key.str());
        const toml::table* const inner = value.as_table();
        if (index == 0 || inner == nullptr || inner->empty()) {
            entries.push_back({name, outer, value_of(value), line_of(key.source()), index});
            continue;
        }
        for (const auto& [inner_key, inner_value] : *inner) {
            entries.push_back({name, outer + "." + std::string(inner_key.str()),
                               value_of(inner_value), line_of(inner_key.source()), index});
        }
    }
}

std::vector<policy::ConfigEntry> entries_of(const toml::table& file) {
    std::vector<policy::ConfigEntry> entries;
    for (const auto& [key, node] : file) {
        const std::string name(key.str());
        if (const toml::table* const table = node.as_table()) {
            list_table(*table, name, line_of(key.source()), 0, entries);
        } else if (node.is_array_of_tables()) {
            std::size_t index = 0;
            for (const toml::node& element : *node.as_array()) {
                list_table(*element.as_table(), name, line_of(element.source()), ++index, entries);
            }
        } else {
            entries.push_back({"", name, value_of(node), line_of(key.source())});
        }
    }
    return entries;
}

std::string located(const std::string& name, std::size_t line, std::string_view text) {
    return name + ":" + std::to_string(line) + ": " + report::printable(text);
}

/// The first line with more than kDotsMax dots, from 1; 0: none has.
std::size_t line_with_too_many_dots(std::string_view text) {
    for (std::size_t line = 1; !text.empty(); ++line) {
        if (std::cmp_greater(std::ranges::count(next_field(text, '\n'), '.'), kDotsMax)) {
            return line;
        }
    }
    return 0;
}

/// Several files as one: what a later one says holds, and its rules come after those before it.
class Reading {
public:
    void add(std::string_view text, const std::string& name) {
        names_.push_back(name);
        if (const std::size_t line = line_with_too_many_dots(text); line != 0) {
            mistakes_.push_back(located(name, line, "more than 4096 dots in one line"));
            return;
        }
        const toml::parse_result parsed = toml::parse(text);
        if (!parsed) {
            mistakes_.push_back(
                located(name, line_of(parsed.error().source()), parsed.error().description()));
            return;
        }
        std::size_t rules = rules_;
        for (policy::ConfigEntry& entry : entries_of(parsed.table())) {
            entry.file = names_.size() - 1;
            entry.index += entry.index != 0 ? rules_ : 0;
            rules = std::max(rules, entry.index);
            entries_.push_back(std::move(entry));
        }
        rules_ = rules;
    }

    LoadedConfig finish() {
        policy::CheckedConfig checked = policy::check_config(entries_);
        for (const policy::ConfigMistake& mistake : checked.mistakes) {
            mistakes_.push_back(located(names_.at(mistake.file), mistake.line, mistake.text));
        }
        return {std::move(checked.config), std::move(mistakes_), std::move(names_),
                std::move(checked.origins)};
    }

private:
    std::vector<std::string> names_;
    std::vector<policy::ConfigEntry> entries_;
    std::vector<std::string> mistakes_;
    std::size_t rules_ = 0;
};

/// nullopt: it is not there.
Result<std::optional<std::string>> read_file(const std::string& path) {
    // O_NONBLOCK: a FIFO under this name must not hold up the start.
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!file) {
        if (errno == ENOENT) {
            return std::nullopt;
        }
        return std::unexpected(os_error(errno, "open configuration file " + path));
    }

    struct stat status {};

    if (::fstat(file.get(), &status) != 0) {
        return std::unexpected(os_error(errno, "examine configuration file " + path));
    }
    if (!S_ISREG(status.st_mode)) {
        return failure(ErrorKind::Malformed,
                       "read configuration file " + path + ": it is not a regular file");
    }
    std::string text(kConfigBytesMax + 1, '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t got = ::read(file.get(), text.data() + filled, text.size() - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::unexpected(os_error(errno, "read configuration file " + path));
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    if (filled > kConfigBytesMax) {
        return failure(ErrorKind::Overflow,
                       "read configuration file " + path + ": it is larger than 1 MiB");
    }
    text.resize(filled);
    return text;
}

}  // namespace

LoadedConfig parse_config(std::string_view text, const std::string& name) {
    Reading reading;
    reading.add(text, name);
    return reading.finish();
}

Result<LoadedConfig> load_config(const std::string& path, IfMissing if_missing,
                                 const std::vector<std::string>& directories) {
    const auto more = drop_ins(directories);
    if (!more) {
        return std::unexpected(more.error());
    }
    Reading reading;
    const auto main_text = read_file(path);
    if (!main_text) {
        return std::unexpected(main_text.error());
    }
    if (*main_text) {
        reading.add(**main_text, path);
    } else if (if_missing == IfMissing::Fail) {
        return std::unexpected(os_error(ENOENT, "open configuration file " + path));
    }
    for (const std::string& drop_in : *more) {
        const auto text = read_file(drop_in);
        if (!text) {
            return std::unexpected(text.error());
        }
        if (*text) {
            reading.add(**text, drop_in);
        }
    }
    return reading.finish();
}

}  // namespace slotd::os
