#include "os/usage_mounts.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/sysfs_dir.hpp"

namespace slotd::os {

namespace {

constexpr std::size_t kTableBytesMax = 4U << 20;
constexpr std::size_t kNamespacesMax = 1024;

/// mangle_path() writes blank, tab, newline, backslash and '#' as three octal digits.
std::string unescaped(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const auto code = text.front() == '\\' && text.size() > 3
                              ? parse_unsigned<std::uint8_t>(text.substr(1, 3), 8)
                              : std::nullopt;
        plain += code ? static_cast<char>(*code) : text.front();
        text.remove_prefix(code ? 4 : 1);
    }
    return plain;
}

std::optional<Mount> parse_mount(std::string_view line) {
    Mount mount;
    (void)next_field(line, ' ');  // mount ID
    (void)next_field(line, ' ');  // parent
    mount.number = next_field(line, ' ');
    (void)next_field(line, ' ');  // root
    mount.point = unescaped(next_field(line, ' '));
    const std::size_t separator = line.find(" - ");
    if (separator == std::string_view::npos || !mount.point.starts_with('/') ||
        mount.number.find(':') == std::string::npos) {
        return std::nullopt;
    }
    line.remove_prefix(separator + 3);
    (void)next_field(line, ' ');  // type
    mount.source = unescaped(next_field(line, ' '));
    return mount;
}

/// Nothing for a process that is gone; what else goes wrong is said.
std::vector<Mount> mounts_of(const SysfsDir& proc, const std::string& pid,
                             std::vector<std::string>& unreadable) {
    const auto text = proc.read(pid + "/mountinfo", kTableBytesMax);
    if (!text && text.error().kind != ErrorKind::NotFound) {
        unreadable.push_back("the mounts of process " + pid + ": " + text.error().message());
    }
    return text ? parse_mountinfo(*text) : std::vector<Mount>{};
}

class Namespaces {
public:
    explicit Namespaces(const SysfsDir& proc) : proc_(proc) {}

    /// False where one of its processes was here before, or it cannot be told.
    bool is_new(const std::string& pid) {
        const auto name = proc_.link_target(pid + "/ns/mnt");
        return name && seen_.size() < kNamespacesMax && seen_.insert(*name).second;
    }

private:
    const SysfsDir& proc_;
    std::set<std::string> seen_;
};

void add_foreign(const std::vector<Mount>& foreign, const std::string& pid,
                 std::set<std::string>& known, std::vector<Mount>& mounts) {
    std::set<std::string> numbers;
    for (const Mount& mount : foreign) {
        if (!known.contains(mount.number)) {
            mounts.push_back(
                {mount.number, mount.point + " (seen by pid " + pid + ")", mount.source});
            numbers.insert(mount.number);
        }
    }
    known.merge(numbers);
}

}  // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
    std::vector<Mount> mounts;
    while (!text.empty()) {
        if (auto mount = parse_mount(next_field(text, '\n'))) {
            mounts.push_back(std::move(*mount));
        }
    }
    return mounts;
}

std::vector<std::string> parse_swaps(std::string_view text) {
    std::vector<std::string> swaps;
    (void)next_field(text, '\n');  // the heading
    while (!text.empty()) {
        std::string_view line = next_field(text, '\n');
        std::string device = unescaped(line.substr(0, line.find_first_of(" \t")));
        if (device.starts_with('/')) {
            swaps.push_back(std::move(device));
        }
    }
    return swaps;
}

MountTable MountTable::read(const SysfsDir& proc, std::vector<std::string>& unreadable) {
    MountTable table;
    Namespaces namespaces(proc);
    (void)namespaces.is_new("1");
    table.mounts = mounts_of(proc, "1", unreadable);
    if (table.mounts.empty()) {
        table.mounts = mounts_of(proc, "self", unreadable);
    }
    std::set<std::string> known;
    for (const Mount& mount : table.mounts) {
        known.insert(mount.number);
    }
    const auto names = proc.names();
    for (const std::string& name : names.value_or(std::vector<std::string>{})) {
        if (parse_unsigned<std::uint32_t>(name) && namespaces.is_new(name)) {
            add_foreign(mounts_of(proc, name, unreadable), name, known, table.mounts);
        }
    }
    const auto swaps = proc.read("swaps", kTableBytesMax);
    if (swaps) {
        table.swaps = parse_swaps(*swaps);
    } else if (swaps.error().kind != ErrorKind::NotFound) {
        unreadable.push_back("the swap spaces: " + swaps.error().message());
    }
    return table;
}

}  // namespace slotd::os
