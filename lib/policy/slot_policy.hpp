#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/shared_list.hpp"
#include "base/time.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/in_use.hpp"
#include "policy/ladder.hpp"
#include "policy/level.hpp"

namespace slotd::policy {

using namespace std::chrono_literals;

/// What slotd may do at one slot. The defaults are safe: nothing happens without being asked.
struct SlotPolicy {
    Level level = Level::Fence;
    /// Whether slotd acts without being asked. Off until the administrator turns it on.
    bool automatic_action = false;
    /// The steps that may be tried, in this order; one that cannot help is skipped with a reason.
    std::vector<Rung> steps = {Rung::FunctionReset, Rung::SlotReset,   Rung::BusReset,
                               Rung::VfioReset,     Rung::Reenumerate, Rung::Quarantine};
    /// How long a card may take to answer, and its driver to bind, before a step counts as failed.
    Duration verification = 5s;
    /// How long a card must stay well before a step counts as the one that helped.
    Duration soak = 1s;
    /// What keeps slotd from acting, and an operator without force.
    std::vector<UseKind> in_use = all_use_kinds();

    bool operator==(const SlotPolicy&) const = default;
};

/// "8086:10d3"; nullopt stands for "*".
struct IdPattern {
    std::optional<std::uint16_t> vendor;
    std::optional<std::uint16_t> device;
    bool operator==(const IdPattern&) const = default;
};

/// Which slots a rule is for. Every list that is not empty must match, any element of a list is
/// enough; without any list it matches every slot. `ids`, `classes` and `drivers` are about the
/// functions directly below the port, and one function must fit all three: a card is matched by
/// what it is, not by a mixture of its functions. They match no empty slot.
struct Match {
    std::vector<pci::Address> ports;
    std::vector<std::string> slots;  ///< names under /sys/bus/pci/slots
    std::vector<IdPattern> ids;
    /// Lower-case hexadecimal beginnings of the 24-bit class code: "02", "0108", "010802".
    std::vector<std::string> classes;
    std::vector<std::string> drivers;
    bool operator==(const Match&) const = default;
};

/// What the slots of `match` have different from the defaults, field by field.
struct Rule {
    std::string name;
    Match match;
    std::optional<Level> level;
    std::optional<bool> automatic_action;
    std::optional<std::vector<Rung>> steps;
    std::optional<Duration> verification;
    std::optional<Duration> soak;
    std::optional<std::vector<UseKind>> in_use;
    bool operator==(const Rule&) const = default;
};

/// What rules look at.
struct SlotTraits {
    pci::Address port;
    std::string slot;                     ///< empty where there is none
    SharedList<pci::Function> functions;  ///< directly below the port's link
    bool operator==(const SlotTraits&) const = default;
};

bool matches(const Match& match, const SlotTraits& slot);

/// All that was configured about slots.
struct Policy {
    SlotPolicy defaults;
    std::vector<Rule> rules;  ///< in the order of the file

    /// The defaults, overridden field by field by every rule that matches, in order: where two
    /// rules name the same field the later one decides.
    SlotPolicy for_slot(const SlotTraits& slot) const;

    bool operator==(const Policy&) const = default;
};

}  // namespace slotd::policy
