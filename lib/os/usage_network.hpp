#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"

namespace slotd::os {

/// Interfaces with a default route among the lines of /proc/net/route (IPv4; routes that reject are
/// none).
std::set<std::string> parse_default_routes(std::string_view text);
/// The same of /proc/net/ipv6_route.
std::set<std::string> parse_default_routes6(std::string_view text);

/// Interfaces with a default route of IPv4 or IPv6, in process 1's network namespace. Of IPv4 only
/// the main table is shown there: a default route of policy routing is not seen. `proc` is what
/// stands for /proc; what could not be read is added to `unreadable`.
std::set<std::string> read_default_routes(const SysfsDir& proc,
                                          std::vector<std::string>& unreadable);

/// One interface. A default route through a bond, bridge or VLAN on top of it counts as its own.
/// `carrier` is from `operstate`, which may lag a second behind: reading `carrier` itself waits for
/// the lock that a driver holds while it brings a dead card down (net-sysfs.c carrier_show).
event::NetworkUse network_use(const SysfsDir& sysfs, const std::string& interface,
                              const std::set<std::string>& default_routes);

/// Whether an entry of a function's directory is where interfaces stand, or what they stand in.
bool may_hold_interfaces(std::string_view name);

/// True where a function has an interface that is in another network namespace: sysfs hides it, but
/// not the directory that it stands in. `names` are those in the function's directory.
bool has_hidden_interface(const SysfsDir& function, const std::vector<std::string>& names);

}  // namespace slotd::os
