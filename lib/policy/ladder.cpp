#include "policy/ladder.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "event/request.hpp"

namespace slotd::policy {

namespace {

/// Why a bus or slot reset cannot help here; nullopt if it can.
std::optional<std::string> bus_reset_hindrance(const LadderQuestion& question) {
    if (question.functions == 0) {
        return "no function is enumerated below the port";
    }
    if (question.has_bridge) {
        return "a switch is below the port and a bridge has no reset of its own";
    }
    if (question.functions > 1) {
        return "the card has several functions and the kernel resets a bus only for one";
    }
    return std::nullopt;
}

std::optional<std::string> hindrance(const LadderQuestion& question, Rung rung) {
    const bool keeps_functions = rung != Rung::Reenumerate;
    if (keeps_functions && question.frozen) {
        return "the functions are frozen after a failed fatal recovery and only re-enumeration "
               "ends that";
    }
    switch (rung) {
        case Rung::FunctionReset:
            return question.functions == 0
                       ? std::optional<std::string>("no function is enumerated below the port")
                       : std::nullopt;
        case Rung::SlotReset:
        case Rung::BusReset:
            return bus_reset_hindrance(question);
        case Rung::VfioReset:
            return "no user space driver lent its descriptors";
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
    for (const Rung rung : {Rung::FunctionReset, Rung::SlotReset, Rung::BusReset, Rung::VfioReset,
                            Rung::Reenumerate, Rung::Quarantine}) {
        if (text == to_text(rung)) {
            return rung;
        }
    }
    return std::nullopt;
}

Ladder recovery_ladder(const LadderQuestion& question) {
    Ladder ladder;
    // A card that answers keeps its place: its driver was told that the recovery failed, and a
    // reset under a driver without reset callbacks would break what may still work. A silent card
    // has nothing to lose; the reset is there to make it answer, re-enumeration follows in any
    // case.
    LadderQuestion hardware = question;
    hardware.frozen = false;
    if (!question.answers) {
        consider(ladder, hardware, Rung::BusReset);
    } else {
        ladder.skipped.push_back(
            {Rung::BusReset, hindrance(question, Rung::BusReset)
                                 .value_or("the card answers; its driver needs a fresh start")});
    }
    consider(ladder, question, Rung::Reenumerate);
    return ladder;
}

Ladder requested_ladder(const LadderQuestion& question, event::ResetMethod method) {
    Ladder ladder;
    switch (method) {
        case event::ResetMethod::Flr:
            consider(ladder, question, Rung::FunctionReset);
            break;
        case event::ResetMethod::Slot:
            if (!question.hotplug_slot) {
                ladder.skipped.push_back(
                    {Rung::BusReset, "the port has no hot-plug slot; ask for bus instead"});
                break;
            }
            consider(ladder, question, Rung::BusReset);
            break;
        case event::ResetMethod::Bus:
            consider(ladder, question, Rung::BusReset);
            break;
        case event::ResetMethod::Vfio:
            consider(ladder, question, Rung::VfioReset);
            break;
        case event::ResetMethod::Reenumerate:
            consider(ladder, question, Rung::Reenumerate);
            break;
        case event::ResetMethod::Auto:
            consider(ladder, question, Rung::BusReset);
            consider(ladder, question, Rung::Reenumerate);
            break;
    }
    return ladder;
}

}  // namespace slotd::policy
