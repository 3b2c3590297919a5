#include "report/slot_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action/incident.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "policy/level.hpp"
#include "report/line.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/slot_places.hpp"
#include "report/slot_text.hpp"
#include "report/style.hpp"

namespace slotd::report {

namespace {

constexpr const char* kGap = "  ";
constexpr std::size_t kGapColumns = 2;

/// Of the columns of the lines of ports; the link takes what is left.
struct Widths {
    std::size_t tree = 4;
    std::size_t slot = 4;
    std::size_t phase = 5;
    std::size_t level = 5;
    std::size_t left = 4;
    std::size_t link = 4;

    std::size_t before_link() const { return tree + slot + phase + level + left + 5 * kGapColumns; }
};

Widths widths_of(const std::vector<Place>& places, const Style& style) {
    Widths widths;
    for (const Place& place : places) {
        if (place.slot == nullptr) {
            continue;
        }
        widths.tree = std::max(widths.tree, columns(place.lead) + place.address.to_string().size());
        widths.slot = std::max(widths.slot, columns(slot_name_text(*place.slot)));
        widths.phase = std::max(widths.phase, columns(printable(place.slot->phase)));
        widths.level = std::max(widths.level, std::string_view(to_text(place.slot->level)).size());
        widths.left = std::max(widths.left, columns(left_text(*place.slot)));
        widths.link = std::max(widths.link, columns(link_text(*place.slot)));
    }
    if (style.columns != 0) {
        // A slot name can be any length that firmware likes; the rest is slotd's own words.
        constexpr std::size_t kSlotMax = 12;
        constexpr std::size_t kSlotMin = 6;
        constexpr std::size_t kPhaseMax = 18;
        widths.phase = std::min(widths.phase, kPhaseMax);
        while (widths.slot > kSlotMax ||
               (widths.slot > kSlotMin && widths.before_link() + widths.link > style.columns)) {
            --widths.slot;
        }
    }
    return widths;
}

Line heading(const Widths& widths) {
    const std::string text = fitted("PORT", widths.tree) + kGap + fitted("SLOT", widths.slot) +
                             kGap + fitted("PHASE", widths.phase) + kGap +
                             fitted("LEVEL", widths.level) + kGap + fitted("LEFT", widths.left) +
                             kGap + "LINK";
    return {{{text, Paint::Faint}}};
}

Line port_line(const Place& place, const Widths& widths) {
    const coordinator::SlotStatus& slot = *place.slot;
    return {{{place.lead, Paint::Faint},
             {fitted(place.address.to_string(), widths.tree - columns(place.lead)) + kGap,
              Paint::Plain},
             {fitted(slot_name_text(slot), widths.slot) + kGap, Paint::Plain},
             {fitted(printable(slot.phase), widths.phase), paint_of_phase(slot.phase)},
             {kGap + fitted(to_text(slot.level), widths.level) + kGap, Paint::Plain},
             {fitted(left_text(slot), widths.left), paint_of_left(slot)},
             {kGap, Paint::Plain},
             {link_text(slot), paint_of_link(slot)}},
            slot.port,
            true};
}

/// A function, or a switch's Upstream Port of which nothing else is known where it is not one.
Line function_line(const Place& place, const Widths& widths) {
    Line line{{{place.lead, Paint::Faint}}};
    if (place.below != nullptr) {
        line.port = place.below->port;
    }
    if (place.left_out > 0) {
        line.spans.push_back({fmt::format("and {} more functions", place.left_out), Paint::Faint});
        return line;
    }
    const std::size_t room = widths.tree - std::min(widths.tree, columns(place.lead));
    const std::string address = place.address.to_string();
    line.spans.push_back({fitted(address, std::max(room, address.size())) + kGap, Paint::Plain});
    if (place.function == nullptr) {
        line.spans.push_back({"switch", Paint::Plain});
        return line;
    }
    const std::string driver = place.function->is_bridge ? "switch" : driver_text(*place.function);
    line.spans.push_back({driver + kGap, Paint::Plain});
    line.spans.push_back({short_identity(*place.function),
                          place.function->identity.answers() ? Paint::Faint : Paint::Alarm});
    return line;
}

/// What is said of a port below its line.
std::vector<Span> remarks_on(const coordinator::SlotStatus& slot) {
    std::vector<Span> remarks;
    const Paint paint = paint_of_phase(slot.phase);
    const std::string reason = printable(slot.reason);
    if (slot.incident != 0) {
        remarks.push_back({"incident " + action::incident_text(slot.incident) +
                               (reason.empty() ? "" : ": " + reason),
                           paint});
    } else if (!reason.empty() && slot.held_by.empty() && slot.quarantine.empty()) {
        remarks.push_back({reason, paint});
    }
    if (!slot.held_by.empty()) {
        remarks.push_back({"held " + hold_text(slot), Paint::Attention});
    }
    if (!slot.quarantine.empty()) {
        remarks.push_back({"quarantine: " + printable(slot.quarantine), Paint::Alarm});
    }
    if (!slot.gates.empty()) {
        remarks.push_back({"closed: " + printable_list(slot.gates), Paint::Attention});
    }
    if (slot.occupied && slot.functions.empty()) {
        remarks.push_back({"a card is there, no function is enumerated", Paint::Attention});
    }
    return remarks;
}

}  // namespace

SlotTree slot_tree(const std::vector<coordinator::SlotStatus>& slots, const Style& style) {
    const std::vector<Place> places = places_of(slots, style.unicode);
    const Widths widths = widths_of(places, style);
    SlotTree tree{heading(widths), {}};
    for (const Place& place : places) {
        if (place.slot == nullptr) {
            tree.lines.push_back(function_line(place, widths));
            continue;
        }
        tree.lines.push_back(port_line(place, widths));
        for (Span& remark : remarks_on(*place.slot)) {
            tree.lines.push_back(
                {{{place.lead_below, Paint::Faint}, std::move(remark)}, place.slot->port});
        }
    }
    return tree;
}

std::string slot_list(const std::vector<coordinator::SlotStatus>& slots, const Style& style) {
    if (slots.empty()) {
        return "no PCIe port on this machine\n";
    }
    const SlotTree tree = slot_tree(slots, style);
    std::string text = text_of(tree.heading, style);
    for (const Line& line : tree.lines) {
        text += text_of(line, style);
    }
    return text;
}

}  // namespace slotd::report
