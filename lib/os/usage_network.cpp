#include "os/usage_network.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"

namespace slotd::os {

namespace {

// Both tables begin with the default routes; a router has a million more.
constexpr std::size_t kTableBytesMax = 256U << 10;
constexpr std::size_t kUppersMax = 256;
constexpr std::uint32_t kRouteReject = 0x200;  // RTF_REJECT
constexpr std::uint32_t kInterfaceUp = 0x1;    // IFF_UP

/// The fields of a line, however many blanks stand between them.
std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    for (;;) {
        const std::size_t start = line.find_first_not_of(" \t");
        if (start == std::string_view::npos) {
            return fields;
        }
        line.remove_prefix(start);
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        fields.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

bool is_zero(std::string_view digits) {
    return !digits.empty() && digits.find_first_not_of('0') == std::string_view::npos;
}

bool rejects(std::string_view flags) {
    return (parse_unsigned<std::uint32_t>(flags, 16).value_or(0) & kRouteReject) != 0;
}

template <class Parse>
void read_table(const SysfsDir& proc, const std::string& name, Parse parse,
                std::set<std::string>& routes, std::vector<std::string>& unreadable) {
    for (const std::string& path : {"1/net/" + name, "net/" + name}) {
        const auto text = proc.read_start(path, kTableBytesMax);
        if (text) {
            routes.merge(parse(*text));
            return;
        }
        // Without IPv6 there is no table of it.
        if (text.error().kind != ErrorKind::NotFound) {
            unreadable.push_back("the routes: " + text.error().message());
            return;
        }
    }
}

std::vector<std::string> uppers_of(const SysfsDir& interface_dir) {
    constexpr std::string_view kUpper = "upper_";
    std::vector<std::string> uppers;
    const auto names = interface_dir.names();
    for (const std::string& name : names.value_or(std::vector<std::string>{})) {
        if (name.starts_with(kUpper)) {
            uppers.push_back(name.substr(kUpper.size()));
        }
    }
    return uppers;
}

/// Of the interface or of what is stacked on it, over as many layers as there are.
bool carries_default_route(const SysfsDir& sysfs, const SysfsDir& interface_dir,
                           const std::string& interface, const std::set<std::string>& routes) {
    if (routes.empty() || routes.contains(interface)) {
        return !routes.empty();
    }
    std::vector<std::string> all = uppers_of(interface_dir);
    std::set<std::string> seen(all.begin(), all.end());
    for (std::size_t next = 0; next < all.size() && all.size() < kUppersMax; ++next) {
        const auto dir = sysfs.open_below("class/net/" + all[next]);
        for (std::string& upper : dir ? uppers_of(*dir) : std::vector<std::string>{}) {
            if (seen.insert(upper).second) {
                all.push_back(std::move(upper));
            }
        }
    }
    return std::ranges::any_of(all, [&](const std::string& name) { return routes.contains(name); });
}

bool is_empty_dir(const SysfsDir& dir, const std::string& name) {
    const auto below = dir.open_below(name);
    const auto names = below ? below->names() : Result<std::vector<std::string>>{};
    return below && names && names->empty();
}

}  // namespace

std::set<std::string> parse_default_routes(std::string_view text) {
    std::set<std::string> routes;
    (void)next_field(text, '\n');  // the heading
    while (!text.empty()) {
        // Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
        const auto fields = fields_of(next_field(text, '\n'));
        if (fields.size() >= 8 && is_zero(fields[1]) && is_zero(fields[7]) && !rejects(fields[3])) {
            routes.emplace(fields[0]);
        }
    }
    return routes;
}

std::set<std::string> parse_default_routes6(std::string_view text) {
    std::set<std::string> routes;
    while (!text.empty()) {
        // destination length source length next-hop metric references use flags interface
        const auto fields = fields_of(next_field(text, '\n'));
        if (fields.size() >= 10 && is_zero(fields[0]) && is_zero(fields[1]) &&
            !rejects(fields[8])) {
            routes.emplace(fields[9]);
        }
    }
    return routes;
}

std::set<std::string> read_default_routes(const SysfsDir& proc,
                                          std::vector<std::string>& unreadable) {
    std::set<std::string> routes;
    read_table(proc, "route", parse_default_routes, routes, unreadable);
    read_table(proc, "ipv6_route", parse_default_routes6, routes, unreadable);
    return routes;
}

event::NetworkUse network_use(const SysfsDir& sysfs, const std::string& interface,
                              const std::set<std::string>& default_routes) {
    event::NetworkUse use;
    use.name = interface;
    const auto dir = sysfs.open_below("class/net/" + interface);
    if (!dir) {
        return use;  // gone since it was listed
    }
    const std::string flags = dir->read("flags").value_or("");
    use.up = flags.starts_with("0x") &&
             (parse_unsigned<std::uint32_t>(std::string_view(flags).substr(2), 16).value_or(0) &
              kInterfaceUp) != 0;
    const std::string state = dir->read("operstate").value_or("");
    // "unknown": a driver that never speaks of its carrier counts as having one.
    use.carrier = use.up && (state == "up" || state == "unknown" || state == "dormant");
    use.member_of = dir->link_name("master").value_or("");
    use.default_route = carries_default_route(sysfs, *dir, interface, default_routes);
    return use;
}

bool may_hold_interfaces(std::string_view name) {
    return name == "net" || name.starts_with("virtio");
}

bool has_hidden_interface(const SysfsDir& function, const std::vector<std::string>& names) {
    return std::ranges::any_of(names, [&](const std::string& name) {
        return may_hold_interfaces(name) &&
               is_empty_dir(function, name == "net" ? name : name + "/net");
    });
}

}  // namespace slotd::os
