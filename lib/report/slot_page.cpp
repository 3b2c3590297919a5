#include "report/slot_page.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "action/incident.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/link.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/slot_text.hpp"
#include "report/style.hpp"

namespace slotd::report {

namespace {

/// "8.0 GT/s x4; port and card can do 16.0 GT/s x16"
std::string long_link_text(const coordinator::SlotStatus& slot) {
    if (!slot.occupied) {
        return "no card";
    }
    if (!slot.link || !slot.link->known()) {
        return link_text(slot);
    }
    const pci::Link& link = *slot.link;
    std::string text = fmt::format("{} x{}", pci::speed_text(link.speed), link.width);
    if (link.speed_max != 0 && link.width_max != 0) {
        text += fmt::format("; port and card can do {} x{}", pci::speed_text(link.speed_max),
                            link.width_max);
    }
    return text;
}

/// "0000:00:03.0 > 0000:02:00.0 > 0000:03:01.0"
std::string path_text(const std::vector<pci::Address>& path) {
    std::string text;
    for (const pci::Address& bridge : path) {
        text += (text.empty() ? "" : " > ") + bridge.to_string();
    }
    return text;
}

}  // namespace

std::string slot_page(const coordinator::SlotStatus& slot, const Style& style) {
    std::string page;
    const auto fact = [&](std::string_view name, const std::string& value, Paint paint) {
        page += fitted(name, 11) + painted(value, paint, style) + "\n";
    };
    fact("port", slot.port.to_string(), Paint::Plain);
    if (slot.port != slot.root_port) {
        fact("below", "Root Port " + slot.root_port.to_string(), Paint::Plain);
    }
    if (slot.path.size() > 1) {
        fact("path", path_text(slot.path), Paint::Plain);
    }
    fact("slot", slot_name_text(slot), Paint::Plain);
    fact("phase", printable(slot.phase), paint_of_phase(slot.phase));
    if (!slot.reason.empty()) {
        fact("reason", printable(slot.reason), Paint::Plain);
    }
    fact("level", to_text(slot.level), Paint::Plain);
    fact("automatic",
         slot.automatic_action ? fmt::format("on, {} attempts left", slot.budget_left) : "off",
         paint_of_left(slot));
    if (!slot.held_by.empty()) {
        fact("held", hold_text(slot), Paint::Attention);
    }
    if (!slot.quarantine.empty()) {
        fact("quarantine", printable(slot.quarantine), Paint::Alarm);
    }
    fact("incident", slot.incident == 0 ? "none" : action::incident_text(slot.incident),
         Paint::Plain);
    fact("card", slot.occupied ? "present" : "none", Paint::Plain);
    fact("link", long_link_text(slot), paint_of_link(slot));
    for (const pci::Function& function : slot.functions) {
        fact("function",
             fmt::format("{}  {}  {}", function.address.to_string(), driver_text(function),
                         function.identity.answers() ? function.identity.to_string() : "no answer"),
             function.identity.answers() ? Paint::Plain : Paint::Alarm);
    }
    fact("gates", slot.gates.empty() ? "all open" : "closed: " + printable_list(slot.gates),
         slot.gates.empty() ? Paint::Plain : Paint::Attention);
    return page;
}

}  // namespace slotd::report
