#include "event/casebook.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/kernel_event.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"

namespace slotd::event {

void Casebook::seen(const Observation& observation) {
    if (observation.slot_number) {
        traits_.insert_or_assign(observation.port, observation.traits);
    }
}

void Casebook::heard(const RecoveryReported& report, std::string_view driver) {
    switch (report.report) {
        case RecoveryReport::Began:
            ++recoveries_.began;
            // A driver that votes has callbacks, whatever an earlier one of that name had not.
            unasked_.erase(report.function);
            if (begun_.size() < kFunctionsMax) {
                begun_.insert(report.function);
            }
            return;
        case RecoveryReport::Succeeded:
            ++recoveries_.succeeded;
            recoveries_.unannounced += begun_.erase(report.function) == 0 ? 1 : 0;
            unasked_.erase(report.function);
            return;
        case RecoveryReport::Failed:
            ++recoveries_.failed;
            if (begun_.erase(report.function) == 0 &&
                (unasked_.size() < kFunctionsMax || unasked_.contains(report.function))) {
                unasked_.insert_or_assign(report.function, std::string(driver));
            }
            return;
    }
}

std::optional<SlotTraits> Casebook::traits(const pci::Address& port) const {
    const auto at = traits_.find(port);
    return at != traits_.end() ? std::optional(at->second) : std::nullopt;
}

std::vector<UnaskedDriver> Casebook::unasked() const {
    std::vector<UnaskedDriver> all;
    for (const auto& [function, driver] : unasked_) {
        all.push_back({function, driver});
    }
    return all;
}

}  // namespace slotd::event
