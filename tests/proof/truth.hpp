#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::proof {

/// One port as it really is, whatever slotd thinks of it.
struct PortTruth {
    pci::Address port;
    std::optional<pci::Address> parent;  ///< nearest port above; nullopt for a Root Port
    pci::Address root_port;
    pci::ServiceSet services;      ///< that exist
    pci::ServiceSet bound;         ///< that the kernel has bound now
    bool fenced = false;           ///< by slotd-exec
    bool masked = false;           ///< hot-plug notification off, by slotd-exec
    std::uint64_t card = 0;        ///< what is in the slot, by its serial number; 0: nothing
    std::uint64_t enumerated = 0;  ///< the card that the kernel has enumerated; 0: none

    bool operator==(const PortTruth&) const = default;
};

/// An effect that slotd-exec was asked for and whose last word has not reached slotd.
struct RunningEffect {
    event::EffectId id = 0;
    action::Effect effect;
    bool given_up = false;  ///< TimedOut was reported: wedged

    bool operator==(const RunningEffect&) const = default;
};

/// The world at one moment, as whoever plays it knows it: what the invariants are judged by.
struct Truth {
    Instant now;
    std::vector<PortTruth> ports;
    std::vector<RunningEffect> running;       ///< in the order of their start
    std::vector<coordinator::Gate> recorded;  ///< slotd-exec's gate record

    const PortTruth* find(const pci::Address& port) const;
    /// One is the other, or lies above it.
    bool overlap(const pci::Address& one, const pci::Address& other) const;
};

}  // namespace slotd::proof
