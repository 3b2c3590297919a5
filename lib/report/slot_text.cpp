#include "report/slot_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"

namespace slotd::report {

namespace {

/// "8GT/s", "2.5GT/s"
std::string speed_text(std::uint8_t speed) {
    return fmt::format("{:g}GT/s", pci::speed_in_mts(speed) / 1000.0);
}

/// What port and card could do where that is more; empty where they do it.
std::string lost_text(const pci::Link& link) {
    if (!link.slower() && !link.narrower()) {
        return {};
    }
    return fmt::format(" (of {}{}{})", link.slower() ? speed_text(link.speed_max) : "",
                       link.slower() && link.narrower() ? " " : "",
                       link.narrower() ? fmt::format("x{}", link.width_max) : "");
}

std::string time_left(const std::optional<Duration>& time) {
    if (!time) {
        return "until released";
    }
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*time).count();
    return minutes < 60 ? fmt::format("for another {} min", minutes)
                        : fmt::format("for another {} h {} min", minutes / 60, minutes % 60);
}

bool is_down(const coordinator::SlotStatus& slot) {
    return slot.occupied && slot.link && slot.link->up == false;
}

}  // namespace

std::string slot_name_text(const coordinator::SlotStatus& slot) {
    return slot.slot.empty() ? "-" : printable(slot.slot);
}

std::string left_text(const coordinator::SlotStatus& slot) {
    return slot.automatic_action ? fmt::format("{}", slot.budget_left) : "off";
}

Paint paint_of_left(const coordinator::SlotStatus& slot) {
    return slot.automatic_action && slot.budget_left == 0 ? Paint::Attention : Paint::Plain;
}

std::string link_text(const coordinator::SlotStatus& slot) {
    if (!slot.occupied) {
        return "empty";
    }
    if (is_down(slot)) {
        return "down";
    }
    if (!slot.link || !slot.link->known()) {
        return "unknown";
    }
    return fmt::format("{} x{}{}", speed_text(slot.link->speed), slot.link->width,
                       lost_text(*slot.link));
}

Paint paint_of_link(const coordinator::SlotStatus& slot) {
    if (!slot.occupied) {
        return Paint::Faint;
    }
    const bool lost =
        slot.link && slot.link->known() && (slot.link->slower() || slot.link->narrower());
    return is_down(slot) || lost ? Paint::Attention : Paint::Plain;
}

std::string driver_text(const pci::Function& function) {
    return function.driver.empty() ? "no driver" : printable(function.driver);
}

std::string short_identity(const pci::Function& function) {
    return function.identity.answers()
               ? fmt::format("{:04x}:{:04x}", function.identity.vendor, function.identity.device)
               : "no answer";
}

std::string hold_text(const coordinator::SlotStatus& slot) {
    return "by " + printable(slot.held_by) + ", " + time_left(slot.held_for);
}

}  // namespace slotd::report
