#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"

namespace slotd::event {

/// The kernel gave up on this function without a word of its driver before: it has no AER
/// callbacks, or the card was gone already.
struct UnaskedDriver {
    pci::Address function;
    std::string driver;  ///< bound then; empty when none was
    bool operator==(const UnaskedDriver&) const = default;
};

/// Recovery uevents heard in this run.
struct RecoveriesHeard {
    std::uint64_t began = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    /// Of `succeeded`, those without a BEGIN before: this kernel does not announce every recovery.
    std::uint64_t unannounced = 0;
    bool operator==(const RecoveriesHeard&) const = default;
};

/// What was heard and seen in this run that no decision needs, and a person may want to know. Kept
/// in memory alone.
class Casebook {
public:
    /// Functions that are remembered; beyond it new ones are not.
    static constexpr std::size_t kFunctionsMax = 1024;

    void seen(const Observation& observation);
    /// `driver`: of the function, as it is bound now.
    void heard(const RecoveryReported& report, std::string_view driver);

    /// nullopt: the slot has not been looked at yet, or has no slot registers.
    std::optional<SlotTraits> traits(const pci::Address& port) const;
    /// Of the functions whose driver was never heard of; by address.
    std::vector<UnaskedDriver> unasked() const;

    const RecoveriesHeard& recoveries() const { return recoveries_; }

private:
    std::map<pci::Address, SlotTraits> traits_;
    std::set<pci::Address> begun_;
    std::map<pci::Address, std::string> unasked_;
    RecoveriesHeard recoveries_;
};

}  // namespace slotd::event
