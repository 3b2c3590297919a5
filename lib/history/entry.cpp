#include "history/entry.hpp"

#include <cstdint>
#include <optional>
#include <variant>

#include "base/overloaded.hpp"
#include "pci/address.hpp"

namespace slotd::history {

const char* name_of(const Entry& entry) {
    return std::visit(Overloaded{
                          [](const IncidentOpened&) { return "incident-opened"; },
                          [](const IncidentClosed&) { return "incident-closed"; },
                          [](const AttemptReserved&) { return "attempt-reserved"; },
                          [](const AttemptEnded&) { return "attempt-ended"; },
                          [](const Held&) { return "held"; },
                          [](const Released&) { return "released"; },
                          [](const Quarantined&) { return "quarantined"; },
                          [](const HistoryLost&) { return "history-lost"; },
                      },
                      entry);
}

std::optional<pci::Address> port_of(const Entry& entry) {
    return std::visit(
        Overloaded{
            [](const HistoryLost&) -> std::optional<pci::Address> { return std::nullopt; },
            [](const OneOf<IncidentOpened, IncidentClosed, AttemptReserved, AttemptEnded, Held,
                           Released, Quarantined> auto& about) -> std::optional<pci::Address> {
                return about.port;
            },
        },
        entry);
}

std::uint64_t incident_of(const Entry& entry) {
    return std::visit(Overloaded{
                          [](const OneOf<IncidentOpened, IncidentClosed, AttemptReserved,
                                         AttemptEnded> auto& about) { return about.incident; },
                          [](const OneOf<Held, Released, Quarantined, HistoryLost> auto&) {
                              return std::uint64_t{0};
                          },
                      },
                      entry);
}

bool must_survive_power_cut(const Entry& entry) {
    return std::visit(
        Overloaded{
            [](const OneOf<AttemptReserved, Held, Released, Quarantined, HistoryLost> auto&) {
                return true;
            },
            [](const OneOf<IncidentOpened, IncidentClosed, AttemptEnded> auto&) { return false; },
        },
        entry);
}

}  // namespace slotd::history
