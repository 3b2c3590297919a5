#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "pci/address.hpp"

namespace slotd::event {

using RequestId = std::uint64_t;

/// What an operator may name. `auto` lets the ladder choose: slot reset where the function belongs
/// to a slot, bus reset otherwise, re-enumeration where neither can help.
enum class ResetMethod : std::uint8_t { Auto, Flr, Bus, Slot, Vfio, Reenumerate };

const char* to_text(ResetMethod method);
/// "auto", "flr", "bus", "slot", "vfio", "reenumerate"; nullopt for anything else.
std::optional<ResetMethod> reset_method_from_text(const std::string& text);

/// Who asked, from SO_PEERCRED, and why, in their words.
struct Requester {
    std::uint32_t uid = 0;
    std::int32_t pid = 0;
    std::string unit;    ///< systemd unit of the pid; empty when there is none
    std::string reason;  ///< at most 255 bytes, control characters replaced
    bool operator==(const Requester&) const = default;
    /// "uid 0 pid 4711 (sshd.service): \"firmware update\""
    std::string to_string() const;
};

/// An operator asks for a reset of a slot, or of one function in it.
struct ResetRequested {
    RequestId request = 0;
    pci::Address port;
    std::optional<pci::Address> function;  ///< nullopt: the slot's card as a whole
    ResetMethod method = ResetMethod::Auto;
    Requester requester;
    bool force = false;  ///< although it is in use
    bool lent = false;   ///< VFIO descriptors came with it, kept under `request` until it ends
    bool operator==(const ResetRequested&) const = default;
};

/// An operator asks slotd to keep its hands off a slot: no step of its own until it is released.
struct HoldRequested {
    RequestId request = 0;
    pci::Address port;
    std::optional<Duration> lasts;  ///< nullopt: until it is released
    Requester requester;
    bool operator==(const HoldRequested&) const = default;
};

/// An operator gives a held or quarantined slot back.
struct ReleaseRequested {
    RequestId request = 0;
    pci::Address port;
    Requester requester;
    bool operator==(const ReleaseRequested&) const = default;
};

/// Somebody asks what a reset would do and whom it would disturb. Changes nothing.
struct PlanRequested {
    RequestId request = 0;
    pci::Address port;
    std::optional<pci::Address> function;  ///< nullopt: the slot's card as a whole
    ResetMethod method = ResetMethod::Auto;
    Requester requester;
    bool operator==(const PlanRequested&) const = default;
};

}  // namespace slotd::event
