#include "policy/ladder.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/request.hpp"

namespace slotd::policy {

namespace {

using Hindrance = std::optional<std::string>;

/// Why no reset that keeps the functions can help; nullopt if one can.
Hindrance bare_reset_hindrance(const LadderQuestion& question) {
    if (question.functions == 0) {
        return "no function is enumerated below the port";
    }
    if (question.frozen) {
        return "the functions are frozen after a failed fatal recovery and only re-enumeration "
               "ends that";
    }
    if (question.wiped) {
        return "the config space was wiped, and a reset would save and restore the wiped one";
    }
    if (question.wants_driver) {
        return "the card answers; its driver needs a fresh start";
    }
    return std::nullopt;
}

/// What the kernel's `bus` method asks of a card.
Hindrance bus_method_hindrance(const LadderQuestion& question) {
    if (question.has_bridge) {
        return "a switch is below the port and a bridge has no reset of its own "
               "(reset_subordinate is not slot-aware before kernel 7.1)";
    }
    if (question.functions > 1) {
        return "the card has several functions and the kernel resets a bus only for one";
    }
    if (question.vfs > 0) {
        return "virtual functions are siblings on the bus and the kernel resets it only for one";
    }
    return std::nullopt;
}

Hindrance either(Hindrance first, Hindrance second) {
    return first ? std::move(first) : std::move(second);
}

Hindrance vfio_hindrance(const LadderQuestion& question) {
    if (question.has_bridge) {
        return "a switch is below the port and VFIO resets no bridges";
    }
    if (!question.answers) {
        return "VFIO cannot open a card that does not answer";
    }
    return std::nullopt;
}

Hindrance hindrance(const LadderQuestion& question, Rung rung) {
    switch (rung) {
        case Rung::FunctionReset:
            return either(bare_reset_hindrance(question),
                          question.answers ? Hindrance()
                                           : "a function that does not answer cannot be told to "
                                             "reset itself");
        case Rung::SlotReset:
            return either(question.hotplug_slot
                              ? Hindrance()
                              : "the port has no hot-plug slot; ask for bus instead",
                          either(bare_reset_hindrance(question), bus_method_hindrance(question)));
        case Rung::BusReset:
            return either(question.hotplug_slot
                              ? "the card is in a hot-plug slot, whose reset is the step slot"
                              : Hindrance(),
                          either(bare_reset_hindrance(question), bus_method_hindrance(question)));
        case Rung::VfioReset:
            return either(bare_reset_hindrance(question), vfio_hindrance(question));
        case Rung::Reenumerate:
        case Rung::Quarantine:
            return std::nullopt;
    }
    return std::nullopt;
}

void consider(Ladder& ladder, const LadderQuestion& question, Rung rung) {
    if (auto reason = hindrance(question, rung)) {
        ladder.skipped.push_back({rung, std::move(*reason)});
    } else {
        ladder.rungs.push_back(rung);
    }
}

/// What "reset the card" means here: slot reset where there is a slot, bus reset otherwise, and
/// VFIO where the kernel's own refuses several functions.
Rung whole_card_reset(const LadderQuestion& question) {
    if (question.lent || (question.functions > 1 && !question.has_bridge)) {
        return Rung::VfioReset;
    }
    return question.hotplug_slot ? Rung::SlotReset : Rung::BusReset;
}

}  // namespace

const char* to_text(Rung rung) {
    switch (rung) {
        case Rung::FunctionReset:
            return "flr";
        case Rung::SlotReset:
            return "slot";
        case Rung::BusReset:
            return "bus";
        case Rung::VfioReset:
            return "vfio";
        case Rung::Reenumerate:
            return "reenumerate";
        case Rung::Quarantine:
            return "quarantine";
    }
    return "unknown";
}

std::optional<Rung> rung_from_text(std::string_view text) {
    const auto at = std::ranges::find(all_rungs(), text, to_text);
    return at == all_rungs().end() ? std::nullopt : std::optional(*at);
}

const std::vector<Rung>& all_rungs() {
    static const std::vector<Rung> all = {Rung::FunctionReset, Rung::SlotReset,   Rung::BusReset,
                                          Rung::VfioReset,     Rung::Reenumerate, Rung::Quarantine};
    return all;
}

Ladder recovery_ladder(const LadderQuestion& question, const std::vector<Rung>& steps) {
    Ladder ladder;
    for (const Rung rung : steps) {
        if (rung == Rung::VfioReset && question.functions == 1 && question.vfs == 0) {
            ladder.skipped.push_back({rung, "of a single function, VFIO's is the kernel's reset"});
        } else {
            consider(ladder, question, rung);
        }
    }
    return ladder;
}

Ladder requested_ladder(const LadderQuestion& question, event::ResetMethod method) {
    Ladder ladder;
    switch (method) {
        case event::ResetMethod::Flr:
            consider(ladder, question, Rung::FunctionReset);
            break;
        case event::ResetMethod::Slot:
            consider(ladder, question,
                     question.hotplug_slot ? whole_card_reset(question) : Rung::SlotReset);
            break;
        case event::ResetMethod::Bus:
            consider(ladder, question, whole_card_reset(question));
            break;
        case event::ResetMethod::Vfio:
            consider(ladder, question, Rung::VfioReset);
            break;
        case event::ResetMethod::Reenumerate:
            consider(ladder, question, Rung::Reenumerate);
            break;
        case event::ResetMethod::Auto:
            consider(ladder, question, whole_card_reset(question));
            if (!question.lent) {
                consider(ladder, question, Rung::Reenumerate);
            }
            break;
    }
    return ladder;
}

}  // namespace slotd::policy
