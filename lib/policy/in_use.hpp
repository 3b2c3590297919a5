#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/usage.hpp"
#include "pci/address.hpp"

namespace slotd::policy {

/// What may count as in use. A rule lists those that keep slotd from acting.
enum class UseKind : std::uint8_t {
    Mounted,  ///< a file system stands on it
    Swap,
    Holder,     ///< dm, md, lvm: a device is stacked on it
    InFlight,   ///< requests have not ended: a removal may wait for them for ever
    NetworkUp,  ///< an interface is up
    Route,      ///< a default route goes out there
    Member,     ///< part of a bond, bridge or team
    Vf,         ///< a virtual function has a driver
    Vfio,       ///< a user space driver holds it
    Process,    ///< a process holds a device node
    Unknown,    ///< something could not be read: it may be in use
};

const char* to_text(UseKind kind);
/// "mounted", "swap", "holder", "in-flight", "network-up", "route", "member", "vf", "vfio",
/// "process", "unknown".
std::optional<UseKind> use_kind_from_text(std::string_view text);
/// All of them: the default.
const std::vector<UseKind>& all_use_kinds();

/// One reason why a function is in use.
struct Use {
    UseKind kind = UseKind::Mounted;
    pci::Address function;
    std::string text;  ///< "vda1 is mounted at /srv"
    bool operator==(const Use&) const = default;
};

/// Every use of the domain, or of `function` alone where only that is disturbed; by function, then
/// kind.
std::vector<Use> uses_of(const event::Usage& usage, const std::optional<pci::Address>& function);

/// Those of `uses` whose kind counts.
std::vector<Use> counted(const std::vector<Use>& uses, const std::vector<UseKind>& counts);

/// "0000:01:00.0: vda1 is mounted at /srv; 0000:01:00.0: ...", at most `most` of them, then "and 7
/// more".
std::string list(const std::vector<Use>& uses, std::size_t most = 8);

}  // namespace slotd::policy
