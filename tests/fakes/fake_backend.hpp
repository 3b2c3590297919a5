#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/backend.hpp"
#include "coordinator/slot_status.hpp"
#include "event/request.hpp"

namespace slotd::fakes {

/// A daemon that has slots and takes requests down, without doing anything about them. What it does
/// on submit can be replaced: an answer may come at once, from within.
class FakeBackend : public control::Backend {
public:
    std::vector<coordinator::SlotStatus> machine;
    std::vector<std::string> plan{"reset slot of 0000:00:02.0", "verify"};
    std::vector<event::ResetRequested> submitted;
    std::function<void(const event::ResetRequested&)> on_submit;

    std::vector<coordinator::SlotStatus> slots() const override { return machine; }

    std::vector<std::string> preview(const event::ResetRequested& request) const override;
    void submit(const event::ResetRequested& request) override;
};

/// A Root Port with a network card (slot "5"), one with a switch whose two nested slots are both
/// called "11", one without a slot.
std::vector<coordinator::SlotStatus> small_machine();

}  // namespace slotd::fakes
