// control::decode_call and who may what: bytes that anybody sends to the control socket.
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/overloaded.hpp"
#include "control/access.hpp"
#include "control/doctor_call.hpp"
#include "control/fault.hpp"
#include "control/message.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

using control::Method;
using control::Role;

/// By the method's name alone, so that access.cpp is not asked about itself.
bool acts(const Method& method) {
    static const std::set<std::string, std::less<>> kActing{
        "io.slotd.Coordinator.Reset", "io.slotd.Coordinator.Hold", "io.slotd.Coordinator.Release",
        "io.slotd.Coordinator.Reload"};
    const auto* const reset = std::get_if<control::ResetTarget>(&method);
    return kActing.contains(control::method_name(method)) && (reset == nullptr || !reset->dry_run);
}

void require_access(const Method& method) {
    const control::AccessGroups groups{.readers = 100, .operators = 101};
    const Role reader =
        control::role_of({.uid = 1000, .pid = 1, .gids = {100}, .unit = {}}, groups);
    const Role stranger =
        control::role_of({.uid = 1000, .pid = 1, .gids = {1000}, .unit = {}}, groups);
    const Role nobody_known =
        control::role_of({.uid = 1000, .pid = 1, .gids = {0}, .unit = {}}, {});
    const bool introspects = control::method_name(method).starts_with("org.varlink.service.");

    require(control::allowed(reader, method) == !acts(method), "a reader never acts, and may look");
    require(control::allowed(stranger, method) == introspects, "a stranger may only introspect");
    require(control::allowed(nobody_known, method) == introspects, "no group is not every group");
    require(control::allowed(Role::Operator, method), "an operator may do everything");
}

void require_bounded(const std::string& text, bool may_be_empty = false) {
    require(is_printable(text), "what a call names goes into the log as it stands");
    require(text.size() <= control::kNameBytesMax, "what a call names is short");
    require(may_be_empty || !text.empty(), "what a call names is something");
}

void require_checked(const Method& method) {
    std::visit(
        Overloaded{
            [](const control::ShowSlot& one) { require_bounded(one.slot); },
            [](const control::ResetTarget& one) {
                require_bounded(one.target);
                require(is_printable(one.reason) && !one.reason.empty(), "a reset has a reason");
                require(!one.lend || (one.method == event::ResetMethod::Vfio && !one.dry_run),
                        "only a real VFIO reset takes a loan");
            },
            [](const control::HoldSlot& one) {
                require_bounded(one.slot);
                require(is_printable(one.reason) && !one.reason.empty(), "a hold has a reason");
                require(
                    !one.lasts || (*one.lasts > Duration::zero() &&
                                   *one.lasts <= std::chrono::seconds(control::kHoldSecondsMax)),
                    "a hold is neither over nor for ever");
            },
            [](const control::ReleaseSlot& one) {
                require_bounded(one.slot);
                require(is_printable(one.reason) && !one.reason.empty(), "a release has a reason");
            },
            [](const control::ReloadConfig& one) {
                require(is_printable(one.reason) && !one.reason.empty(), "a reload has a reason");
            },
            [](const control::PlanReset& one) { require_bounded(one.target); },
            [](const control::GetConfig& one) { require_bounded(one.slot, true); },
            [](const control::AskHistory& one) {
                require_bounded(one.slot, true);
                require(one.limit >= 1 && one.limit <= control::kHistoryEntriesMax,
                        "an answer of the history has a bound");
                require(one.since_us.value_or(0) >= 0, "nothing was before 1970");
            },
            [](const control::ConsultDoctor& one) { require_bounded(one.slot.value_or("-")); },
            [](const OneOf<control::GetInfo, control::GetInterfaceDescription, control::ListSlots,
                           control::Subscribe, control::GetMetrics, control::GetVersion> auto&) {},
        },
        method);
}

void require_fault(const control::Fault& fault) {
    const std::string sent = control::encode_fault(fault);
    require(sent.find('\0') == sent.size() - 1, "a fault is one message");
    const auto received = control::decode_reply(std::string_view(sent).substr(0, sent.size() - 1));
    require(received && received->fault, "a client reads a fault as one");
    require(*received->fault == fault, "and as the same");
    require(has_printable_lines(control::to_string(fault)), "a fault is printable");
}

}  // namespace

void fuzz_call(std::span<const std::uint8_t> bytes) {
    const control::Incoming incoming = control::decode_call(text_of(bytes));
    if (!incoming.method) {
        require_fault(incoming.method.error());
        return;
    }
    const Method& method = *incoming.method;
    require_access(method);
    require_checked(method);
    const std::string sent = control::encode_call(method, incoming.more);
    require(sent.find('\0') == sent.size() - 1, "a call is one message");
    const auto again = control::decode_call(std::string_view(sent).substr(0, sent.size() - 1));
    require(again.method && *again.method == method, "decode(encode(x)) is x");
    require(again.more == incoming.more && !again.oneway, "and asks for as much");
}

}  // namespace slotd::fuzz
