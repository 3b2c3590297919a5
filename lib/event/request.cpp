#include "event/request.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace slotd::event {

const char* to_text(ResetMethod method) {
    switch (method) {
        case ResetMethod::Auto:
            return "auto";
        case ResetMethod::Flr:
            return "flr";
        case ResetMethod::Bus:
            return "bus";
        case ResetMethod::Slot:
            return "slot";
        case ResetMethod::Vfio:
            return "vfio";
        case ResetMethod::Reenumerate:
            return "reenumerate";
    }
    return "unknown";
}

std::optional<ResetMethod> reset_method_from_text(const std::string& text) {
    for (const ResetMethod method :
         {ResetMethod::Auto, ResetMethod::Flr, ResetMethod::Bus, ResetMethod::Slot,
          ResetMethod::Vfio, ResetMethod::Reenumerate}) {
        if (text == to_text(method)) {
            return method;
        }
    }
    return std::nullopt;
}

std::string Requester::to_string() const {
    return fmt::format("uid {} pid {}{}: \"{}\"", uid, pid, unit.empty() ? "" : " (" + unit + ")",
                       reason);
}

}  // namespace slotd::event
