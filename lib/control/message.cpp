#include "control/message.hpp"

#include <string>
#include <string_view>
#include <variant>

#include "base/overloaded.hpp"
#include "control/doctor_call.hpp"
#include "control/interface.hpp"

namespace slotd::control {

namespace {

std::string of_service(std::string_view method) {
    return std::string(kServiceInterface) + "." + std::string(method);
}

std::string of_coordinator(std::string_view method) {
    return std::string(kCoordinatorInterface) + "." + std::string(method);
}

}  // namespace

std::string method_name(const Method& method) {
    return std::visit(
        Overloaded{
            [](const GetInfo&) { return of_service("GetInfo"); },
            [](const GetInterfaceDescription&) { return of_service("GetInterfaceDescription"); },
            [](const ListSlots&) { return of_coordinator("List"); },
            [](const ShowSlot&) { return of_coordinator("Show"); },
            [](const ResetTarget&) { return of_coordinator("Reset"); },
            [](const HoldSlot&) { return of_coordinator("Hold"); },
            [](const ReleaseSlot&) { return of_coordinator("Release"); },
            [](const PlanReset&) { return of_coordinator("Plan"); },
            [](const AskHistory&) { return of_coordinator("History"); },
            [](const ReloadConfig&) { return of_coordinator("Reload"); },
            [](const GetConfig&) { return of_coordinator("GetConfig"); },
            [](const ConsultDoctor&) { return of_coordinator("Doctor"); },
            [](const Subscribe&) { return of_coordinator("Subscribe"); },
            [](const GetMetrics&) { return of_coordinator("Metrics"); },
            [](const GetVersion&) { return of_coordinator("Version"); },
        },
        method);
}

const char* to_text(ResetState state) {
    switch (state) {
        case ResetState::Planned:
            return "planned";
        case ResetState::Accepted:
            return "accepted";
        case ResetState::Progress:
            return "progress";
        case ResetState::Finished:
            return "finished";
    }
    return "unknown";
}

}  // namespace slotd::control
