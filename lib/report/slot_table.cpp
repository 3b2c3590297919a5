#include "report/slot_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"

namespace slotd::report {

namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;

struct Widths {
    std::size_t port = 0;
    std::size_t slot = 0;
    std::size_t phase = 0;
    std::size_t level = 0;
    std::size_t left = 4;

    std::size_t before_card() const { return port + slot + phase + level + left + 5 * kGap; }
};

std::string gap() {
    return std::string(kGap, ' ');
}

/// A port whose Root Port is shown too hangs below it; how deep a switch nests is not for a list.
bool is_nested(const coordinator::SlotStatus& slot) {
    return slot.port != slot.root_port;
}

std::string port_text(const coordinator::SlotStatus& slot) {
    return std::string(is_nested(slot) ? kIndent : 0, ' ') + slot.port.to_string();
}

std::string slot_text(const coordinator::SlotStatus& slot) {
    return slot.slot.empty() ? "-" : printable(slot.slot);
}

std::string phase_text(const coordinator::SlotStatus& slot) {
    std::string text = printable(slot.phase);
    if (slot.incident != 0) {
        text += fmt::format(" #{}", slot.incident);
    }
    return text;
}

/// Automatic attempts that are left; "off" where slotd does not act unless asked.
std::string left_text(const coordinator::SlotStatus& slot) {
    return slot.automatic_action ? fmt::format("{}", slot.budget_left) : "off";
}

Paint paint_of_left(const coordinator::SlotStatus& slot) {
    return slot.automatic_action && slot.budget_left == 0 ? Paint::Attention : Paint::Plain;
}

std::string driver_text(const pci::Function& function) {
    return function.driver.empty() ? "no driver" : printable(function.driver);
}

std::string short_identity(const pci::Function& function) {
    return function.identity.answers()
               ? fmt::format("{:04x}:{:04x}", function.identity.vendor, function.identity.device)
               : "no answer";
}

/// The first function on the port's own line; "occupied" where the card is not enumerated.
std::string card_text(const coordinator::SlotStatus& slot) {
    if (slot.functions.empty()) {
        return slot.occupied ? "occupied, no function" : "empty";
    }
    return short_identity(slot.functions.front()) + " " + driver_text(slot.functions.front());
}

Widths widths_of(const std::vector<const coordinator::SlotStatus*>& slots) {
    Widths widths{.port = 4, .slot = 4, .phase = 5, .level = 5};
    for (const auto* slot : slots) {
        widths.port = std::max(widths.port, columns(port_text(*slot)));
        widths.slot = std::max(widths.slot, columns(slot_text(*slot)));
        widths.phase = std::max(widths.phase, columns(phase_text(*slot)));
        widths.level = std::max(widths.level, std::string_view(to_text(slot->level)).size());
    }
    // A slot name can be any length that firmware likes; the rest is bounded by slotd's own words.
    widths.slot = std::min<std::size_t>(widths.slot, 12);
    widths.phase = std::min<std::size_t>(widths.phase, 22);
    return widths;
}

/// Root Ports by address, each followed by the ports below it.
std::vector<const coordinator::SlotStatus*> as_tree(
    const std::vector<coordinator::SlotStatus>& slots) {
    std::vector<const coordinator::SlotStatus*> order;
    std::ranges::transform(slots, std::back_inserter(order),
                           [](const auto& slot) { return &slot; });
    std::ranges::stable_sort(order, [](const auto* one, const auto* other) {
        if (one->root_port != other->root_port) {
            return one->root_port < other->root_port;
        }
        if (is_nested(*one) != is_nested(*other)) {
            return is_nested(*other);
        }
        return one->port < other->port;
    });
    return order;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + printable(word);
    }
    return text;
}

/// What is left of the line for the card; never so little that nothing could be read.
std::size_t card_width(const Widths& widths, const Style& style) {
    if (style.columns == 0) {
        return 0;
    }
    return style.columns > widths.before_card() + 8 ? style.columns - widths.before_card() : 8;
}

std::string slot_lines(const coordinator::SlotStatus& slot, const Widths& widths,
                       const Style& style) {
    const std::size_t room = card_width(widths, style);
    std::string lines =
        fitted(port_text(slot), widths.port) + gap() + fitted(slot_text(slot), widths.slot) +
        gap() + painted(fitted(phase_text(slot), widths.phase), paint_of_phase(slot.phase), style) +
        gap() + fitted(to_text(slot.level), widths.level) + gap() +
        painted(fitted(left_text(slot), widths.left), paint_of_left(slot), style) + gap() +
        cut(card_text(slot), room) + "\n";
    for (std::size_t i = 1; i < slot.functions.size(); ++i) {
        const pci::Function& function = slot.functions[i];
        const std::string text = fmt::format(".{:x} {} {}", function.address.function,
                                             short_identity(function), driver_text(function));
        lines += std::string(widths.before_card(), ' ') + cut(text, room) + "\n";
    }
    if (!slot.gates.empty()) {
        const std::string text = std::string(is_nested(slot) ? 2 * kIndent : kIndent, ' ') +
                                 "closed: " + joined(slot.gates);
        lines += painted(cut(text, style.columns), Paint::Attention, style) + "\n";
    }
    return lines;
}

/// "for another 1 h 59 min", "until released".
std::string time_left(const std::optional<Duration>& time) {
    if (!time) {
        return "until released";
    }
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*time).count();
    return minutes < 60 ? fmt::format("for another {} min", minutes)
                        : fmt::format("for another {} h {} min", minutes / 60, minutes % 60);
}

}  // namespace

std::string slot_table(const std::vector<coordinator::SlotStatus>& slots, const Style& style) {
    if (slots.empty()) {
        return "no PCIe port on this machine\n";
    }
    const auto order = as_tree(slots);
    const Widths widths = widths_of(order);
    const std::string heading = fitted("PORT", widths.port) + gap() + fitted("SLOT", widths.slot) +
                                gap() + fitted("PHASE", widths.phase) + gap() +
                                fitted("LEVEL", widths.level) + gap() +
                                fitted("LEFT", widths.left) + gap() + "CARD";
    std::string table = painted(cut(heading, style.columns), Paint::Faint, style) + "\n";
    for (const auto* slot : order) {
        table += slot_lines(*slot, widths, style);
    }
    return table;
}

std::string slot_page(const coordinator::SlotStatus& slot, const Style& style) {
    std::string page;
    const auto fact = [&](std::string_view name, const std::string& value, Paint paint) {
        page += fitted(name, 11) + painted(value, paint, style) + "\n";
    };
    fact("port", slot.port.to_string(), Paint::Plain);
    if (is_nested(slot)) {
        fact("below", "Root Port " + slot.root_port.to_string(), Paint::Plain);
    }
    fact("slot", slot_text(slot), Paint::Plain);
    fact("phase", printable(slot.phase), paint_of_phase(slot.phase));
    if (!slot.reason.empty()) {
        fact("reason", printable(slot.reason), Paint::Plain);
    }
    fact("level", to_text(slot.level), Paint::Plain);
    fact("automatic",
         slot.automatic_action ? fmt::format("on, {} attempts left", slot.budget_left) : "off",
         slot.automatic_action && slot.budget_left == 0 ? Paint::Attention : Paint::Plain);
    if (!slot.held_by.empty()) {
        fact("held", "by " + printable(slot.held_by) + ", " + time_left(slot.held_for),
             Paint::Attention);
    }
    if (!slot.quarantine.empty()) {
        fact("quarantine", printable(slot.quarantine), Paint::Alarm);
    }
    fact("incident", slot.incident == 0 ? "none" : fmt::format("{}", slot.incident), Paint::Plain);
    fact("card", slot.occupied ? "present" : "none", Paint::Plain);
    for (const pci::Function& function : slot.functions) {
        fact("function",
             fmt::format("{}  {}  {}", function.address.to_string(), driver_text(function),
                         function.identity.answers() ? function.identity.to_string() : "no answer"),
             function.identity.answers() ? Paint::Plain : Paint::Alarm);
    }
    fact("gates", slot.gates.empty() ? "all open" : "closed: " + joined(slot.gates),
         slot.gates.empty() ? Paint::Plain : Paint::Attention);
    return page;
}

}  // namespace slotd::report
