#include "control/access.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/overloaded.hpp"
#include "control/doctor_call.hpp"
#include "control/message.hpp"

namespace slotd::control {

namespace {

constexpr std::uint32_t kRoot = 0;

bool is_in(const Peer& peer, const std::optional<std::uint32_t>& group) {
    return group && std::ranges::find(peer.gids, *group) != peer.gids.end();
}

}  // namespace

Role role_of(const Peer& peer, const AccessGroups& groups) {
    if (peer.uid == kRoot || is_in(peer, groups.operators)) {
        return Role::Operator;
    }
    return is_in(peer, groups.readers) ? Role::Reader : Role::Stranger;
}

Role role_needed(const Method& method) {
    return std::visit(
        Overloaded{
            [](const OneOf<GetInfo, GetInterfaceDescription> auto&) { return Role::Stranger; },
            [](const OneOf<ListSlots, ShowSlot, PlanReset, GetConfig, AskHistory, ConsultDoctor,
                           Subscribe, GetMetrics, GetVersion> auto&) { return Role::Reader; },
            [](const OneOf<HoldSlot, ReleaseSlot, ReloadConfig> auto&) { return Role::Operator; },
            [](const ResetTarget& reset) { return reset.dry_run ? Role::Reader : Role::Operator; },
        },
        method);
}

}  // namespace slotd::control
