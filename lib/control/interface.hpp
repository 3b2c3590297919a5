#pragma once

#include <string_view>
#include <vector>

#include "control/idl.hpp"

namespace slotd::control {

/// The interface texts are the single source of what can be asked and what is answered: calls are
/// checked against them before anything else sees them, and a test checks every reply.
inline constexpr std::string_view kCoordinatorInterface = "io.slotd.Coordinator";
inline constexpr std::string_view kServiceInterface = "org.varlink.service";

/// As GetInterfaceDescription returns it; empty for an interface that is not ours.
std::string_view interface_text(std::string_view name);

/// The same, parsed; nullptr for an interface that is not ours.
const Idl* interface_named(std::string_view name);

}  // namespace slotd::control
