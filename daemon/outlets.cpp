#include "daemon/outlets.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/record.hpp"
#include "control/answers.hpp"
#include "control/control_service.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "control/plan_reply.hpp"
#include "coordinator/slot_status.hpp"
#include "engine/ports.hpp"
#include "event/request.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "os/history_stamp.hpp"
#include "os/lent_descriptors.hpp"
#include "pci/address.hpp"

namespace slotd::daemon {

void Records::write(const action::Record& record) {
    write_to_journal(limit_.admit(record, loop_.now()));
    if (service_ != nullptr) {
        service_->publish(record);
    }
}

void Records::say_due() {
    write_to_journal(limit_.due(loop_.now()));
}

void Records::say_all() {
    write_to_journal(limit_.finish(loop_.now()));
}

void Records::write_to_journal(const std::vector<action::Record>& records) {
    for (const action::Record& record : records) {
        journal_.write(record);
    }
}

void Answers::answer(const engine::ResetAnswer& answer) {
    loans_.close(answer.request);
    if (service_ != nullptr) {
        service_->answer(
            control::Answer{answer.request, answer.succeeded, answer.outcome, answer.text});
    }
}

void Answers::answer(const engine::PlanAnswer& answer) {
    if (service_ == nullptr) {
        return;
    }
    control::PlanReply plan;
    plan.steps = answer.steps;
    plan.usage = answer.usage;
    plan.in_use = answer.in_use;
    plan.would_refuse = answer.would_refuse;
    plan.would_refuse_forced = answer.would_refuse_forced;
    plan.text = answer.text;
    service_->answer(control::PlanAnswer{answer.request, std::move(plan)});
}

void Memory::append(const history::Entry& entry, std::optional<history::Ticket> ticket) {
    store_.append(entry, os::read_stamp(), ticket);
}

std::vector<coordinator::SlotStatus> EngineBackend::slots() const {
    return parts_.engine.coordinator().statuses(parts_.loop.now());
}

std::vector<std::string> EngineBackend::preview(const event::ResetRequested& request) const {
    return parts_.engine.coordinator().preview(request);
}

void EngineBackend::submit(const event::ResetRequested& request,
                           std::unique_ptr<control::Loan> lent) {
    // Only the control socket makes loans, and only of this kind.
    if (auto* const descriptors = dynamic_cast<os::LentDescriptors*>(lent.get())) {
        if (auto kept = parts_.loans.put(request.request, descriptors->take()); !kept) {
            parts_.answers.answer(
                engine::ResetAnswer{request.request, false, "refused", kept.error().message()});
            return;
        }
    }
    parts_.engine.submit(request, parts_.loop.now());
}

void EngineBackend::hold(const event::HoldRequested& request) {
    parts_.engine.hold(request, parts_.loop.now());
}

void EngineBackend::release(const event::ReleaseRequested& request) {
    parts_.engine.release(request, parts_.loop.now());
}

void EngineBackend::plan(const event::PlanRequested& request) {
    parts_.engine.plan(request, parts_.loop.now());
}

void EngineBackend::history(const control::HistoryRequested& request) {
    parts_.history.query(request.query, request.request);
}

std::expected<control::ReloadReply, std::vector<std::string>> EngineBackend::reload(
    const event::Requester& requester) {
    return parts_.configuration.reload(requester.to_string());
}

control::ConfigReply EngineBackend::config(const std::optional<pci::Address>& port) const {
    return parts_.configuration.reply(port);
}

}  // namespace slotd::daemon
