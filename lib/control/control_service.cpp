#include "control/control_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "control/access.hpp"
#include "control/backend.hpp"
#include "control/doctor_call.hpp"
#include "control/fault.hpp"
#include "control/find_slot.hpp"
#include "control/interface.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"

namespace slotd::control {

namespace {

std::string why_not(const Peer& peer, const Method& method) {
    return fmt::format(
        "{} needs root or group {}, and this is uid {}", method_name(method),
        role_needed(method) == Role::Operator ? "slotd-admin" : "slotd or slotd-admin", peer.uid);
}

}  // namespace

ControlService::ControlService(Backend& backend, ServiceOptions options)
    : backend_(backend),
      options_(std::move(options)) {}

std::size_t ControlService::count(Role role) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        connections_, [&](const auto& entry) { return entry.second.role == role; }));
}

bool ControlService::room_for(Role role) const {
    const ClientLimits& limits = options_.limits;
    const std::size_t others = connections_.size();
    switch (role) {
        case Role::Operator:
            return others < limits.clients;
        case Role::Reader:
            return others + limits.reserved_for_operators < limits.clients;
        case Role::Stranger:
            return others + limits.reserved_for_operators < limits.clients &&
                   count(Role::Stranger) < limits.strangers;
    }
    return false;
}

void ControlService::opened(ConnectionId connection, Peer peer) {
    SLOTD_ASSERT(sink_ != nullptr);
    const Role role = role_of(peer, options_.groups);
    const bool room = room_for(role);
    Connection& added = connections_[connection];
    added.peer = std::move(peer);
    added.role = role;
    if (!room) {
        hang_up(connection, added, TooManyClients{});
    }
}

void ControlService::closed(ConnectionId connection) {
    connections_.erase(connection);
}

bool ControlService::waiting(ConnectionId connection) const {
    const auto at = connections_.find(connection);
    return at != connections_.end() && at->second.waiting();
}

bool ControlService::has_work(ConnectionId connection) const {
    const auto at = connections_.find(connection);
    return at != connections_.end() && !at->second.hung_up && !at->second.waiting() &&
           at->second.framing.has_message();
}

std::size_t ControlService::subscribers() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        connections_, [](const auto& entry) { return entry.second.subscribed; }));
}

ControlService::Turn ControlService::received(ConnectionId id, std::string_view bytes,
                                              std::unique_ptr<Loan> loan) {
    const auto at = connections_.find(id);
    if (at == connections_.end() || at->second.hung_up) {
        return Turn::Done;
    }
    Connection& connection = at->second;
    connection.framing.push(bytes);
    if (loan != nullptr && !borrow(connection, std::move(loan))) {
        hang_up(id, connection,
                MalformedMessage{fmt::format("more than {} descriptors wait for their call",
                                             kLoanDescriptorsMax)});
        return Turn::Done;
    }
    for (int calls = 0; !connection.waiting() && !connection.hung_up; ++calls) {
        if (calls == kCallsPerTurn) {
            return connection.framing.has_message() ? Turn::More : Turn::Done;
        }
        const std::optional<std::string> message = connection.framing.next();
        if (!message) {
            break;
        }
        call(id, connection, *message, loans_of_call(connection));
    }
    const bool piled_up = connection.waiting() && connection.framing.waiting() > kCallBytesMax;
    if (!connection.hung_up && (connection.framing.broken() || piled_up)) {
        hang_up(id, connection, MessageTooLarge{kCallBytesMax});
    }
    return Turn::Done;
}

void ControlService::call(ConnectionId id, Connection& connection, std::string_view message,
                          Loans loans) {
    const Incoming incoming = decode_call(message);
    if (!incoming.method) {
        if (std::holds_alternative<MalformedMessage>(incoming.method.error())) {
            hang_up(id, connection, incoming.method.error());
        } else {
            fail(id, incoming.method.error(), incoming.oneway);
        }
        return;
    }
    if (!allowed(connection.role, *incoming.method)) {
        fail(id, NotPermitted{why_not(connection.peer, *incoming.method)}, incoming.oneway);
        return;
    }
    answer_call(id, connection, incoming, std::move(loans));
}

void ControlService::answer_call(ConnectionId id, Connection& connection, const Incoming& incoming,
                                 Loans loans) {
    const bool oneway = incoming.oneway;
    std::visit(
        Overloaded{
            [&](const GetInfo&) { reply(id, InfoReply{options_.version}, oneway); },
            [&](const GetInterfaceDescription& one) {
                const std::string_view text = interface_text(one.interface);
                if (text.empty()) {
                    fail(id, InterfaceNotFound{one.interface}, oneway);
                } else {
                    reply(id, DescriptionReply{std::string(text)}, oneway);
                }
            },
            [&](const ListSlots&) { reply(id, SlotsReply{backend_.slots()}, oneway); },
            [&](const ShowSlot& one) { show(id, one, oneway); },
            [&](const ResetTarget& one) { reset(id, connection, one, incoming, std::move(loans)); },
            [&](const HoldSlot& one) { hold(id, connection, one, oneway); },
            [&](const ReleaseSlot& one) { release(id, connection, one, oneway); },
            [&](const PlanReset& one) { plan(id, connection, one, oneway); },
            [&](const AskHistory& one) { history(id, connection, one, oneway); },
            [&](const ReloadConfig& one) { reload(id, connection, one, oneway); },
            [&](const GetConfig& one) { config(id, one, oneway); },
            [&](const ConsultDoctor& one) { doctor(id, one, oneway); },
            [&](const Subscribe&) {
                if (incoming.more && !oneway) {
                    connection.subscribed = true;
                } else {
                    fail(id, ExpectedMore{}, oneway);
                }
            },
            [&](const GetMetrics& one) {
                reply(id, MetricsReply{backend_.metrics(one.format)}, oneway);
            },
            [&](const GetVersion&) { reply(id, VersionReply{options_.version}, oneway); },
        },
        *incoming.method);
}

void ControlService::show(ConnectionId id, const ShowSlot& show, bool oneway) {
    if (auto found = find(id, show.slot, oneway)) {
        reply(id, SlotReply{std::move(found->slot)}, oneway);
    }
}

void ControlService::doctor(ConnectionId id, const ConsultDoctor& consult, bool oneway) {
    std::optional<FoundSlot> found;
    if (consult.slot && !(found = find(id, *consult.slot, oneway))) {
        return;
    }
    DoctorReply told{backend_.doctor()};
    if (found) {
        std::erase_if(told.notes.slots,
                      [&](const auto& slot) { return slot.port != found->slot.port; });
    }
    reply(id, told, oneway);
}

std::optional<FoundSlot> ControlService::find(ConnectionId id, const std::string& name,
                                              bool oneway) {
    auto found = find_slot(backend_.slots(), name);
    if (!found) {
        fail(id, found.error(), oneway);
        return std::nullopt;
    }
    return std::move(*found);
}

void ControlService::publish(const action::Record& record) {
    if (submission_) {
        submission_->records.push_back(record);
    }
    std::string same_for_all;  // but for those who have missed something
    for (auto& [id, connection] : connections_) {
        if (connection.subscribed) {
            if (same_for_all.empty()) {
                same_for_all = encode_reply(RecordReply{record, 0}, true);
            }
            const bool arrived =
                sink_->offer(id, connection.missed == 0
                                     ? same_for_all
                                     : encode_reply(RecordReply{record, connection.missed}, true));
            connection.missed = arrived ? 0 : connection.missed + 1;
            missed_records_ += arrived ? 0 : 1;
        }
        if (connection.reset) {
            progress(id, *connection.reset, record);
        }
    }
}

void ControlService::reply(ConnectionId id, const Reply& reply, bool oneway, bool continues) {
    if (!oneway) {
        sink_->send(id, encode_reply(reply, continues));
    }
}

void ControlService::fail(ConnectionId id, const Fault& fault, bool oneway) {
    if (!oneway) {
        sink_->send(id, encode_fault(fault));
    }
}

void ControlService::hang_up(ConnectionId id, Connection& connection, const Fault& fault) {
    connection.hung_up = true;
    connection.subscribed = false;
    connection.reset.reset();
    connection.short_call = std::monostate{};
    connection.loans.clear();
    sink_->send(id, encode_fault(fault));
    sink_->hang_up(id);
}

}  // namespace slotd::control
