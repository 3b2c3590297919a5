#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pci/address.hpp"

namespace slotd::event {

using RequestId = std::uint64_t;

/// What an operator may name. `auto` lets the ladder choose: slot reset where the function belongs
/// to a slot, bus reset otherwise, re-enumeration where neither can help.
enum class ResetMethod : std::uint8_t { Auto, Flr, Bus, Slot, Reenumerate };

const char* to_text(ResetMethod method);
/// "auto", "flr", "bus", "slot", "reenumerate"; nullopt for anything else.
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
    bool operator==(const ResetRequested&) const = default;
};

}  // namespace slotd::event
