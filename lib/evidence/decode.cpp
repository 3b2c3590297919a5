#include "evidence/decode.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "action/effect.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "evidence/encode.hpp"
#include "evidence/evidence.hpp"
#include "evidence/reader.hpp"
#include "evidence/words.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::evidence {

using nlohmann::json;

namespace {

/// Fifty years: sums of a few of them fit into a Duration, which holds 292.
constexpr std::uint64_t kMicrosecondsMax = 1'577'880'000'000'000;
constexpr std::uint64_t kErrnoMax = 4095;

Duration span(Reader& in, const json& object, const char* name) {
    return std::chrono::microseconds(in.number(object, name, kMicrosecondsMax));
}

pci::Service service(Reader& in, const json& object) {
    const auto named = pci::service_from_name(text_at(object, "with"));
    if (!named) {
        in.complain("with");
    }
    return named.value_or(pci::Service::Pciehp);
}

/// An effect of no detail, by its index: they all begin with the address.
template <std::size_t index = 0>
action::Effect about(std::size_t wanted, const pci::Address& place) {
    if constexpr (index < std::variant_size_v<action::Effect>) {
        if (index == wanted) {
            return std::variant_alternative_t<index, action::Effect>{place};
        }
        return about<index + 1>(wanted, place);
    }
    return action::ObserveSlot{place};
}

action::Effect effect(Reader& in, const json& object) {
    const auto named = std::ranges::find(kEffects, text_at(object, "do"));
    if (named == kEffects.end()) {
        in.complain("do");
        return action::ObserveSlot{};
    }
    auto made = about(static_cast<std::size_t>(named - kEffects.begin()), in.address(object, "of"));
    if (auto* const unmask = std::get_if<action::UnmaskHotplug>(&made)) {
        unmask->latched = in.word(object, "with", kLatched);
    } else if (auto* const unbind = std::get_if<action::UnbindService>(&made)) {
        unbind->service = service(in, object);
    } else if (auto* const bind = std::get_if<action::BindService>(&made)) {
        bind->service = service(in, object);
    } else if (auto* const reset = std::get_if<action::ResetFunction>(&made)) {
        reset->method = in.word(object, "with", kResets);
    } else if (auto* const power = std::get_if<action::SetSlotPower>(&made)) {
        power->on = text_at(object, "with") == "on";
    }
    return made;
}

EffectEnded effect_ended(Reader& in, const json& object) {
    EffectEnded ended;
    ended.effect = effect(in, object);
    ended.outcome.kind = in.word(object, "outcome", kOutcomes);
    ended.outcome.os_errno = static_cast<int>(in.number(object, "errno", kErrnoMax));
    ended.outcome.context = text_at(object, "context");
    ended.took = span(in, object, "took_us");
    if (object.contains("seen")) {
        ended.outcome.observation = in.observation(in.object(object, "seen"));
    }
    if (object.contains("use")) {
        ended.outcome.usage = in.usage(in.object(object, "use"));
    }
    return ended;
}

std::optional<event::KernelEvent> kernel_event(Reader& in, const json& object,
                                               std::string_view type) {
    if (type == "recovery") {
        return event::RecoveryReported{in.address(object, "function"),
                                       in.word(object, "report", kReports)};
    }
    if (type == "error") {
        return event::ErrorReported{
            in.address(object, "function"), in.word(object, "severity", kSeverities),
            static_cast<std::uint32_t>(
                in.number(object, "status", std::numeric_limits<std::uint32_t>::max()))};
    }
    if (type == "hotplug") {
        return event::HotplugSeen{in.address(object, "function"),
                                  in.word(object, "change", kChanges)};
    }
    if (type == "announced") {
        return event::HotplugAnnounced{in.address(object, "port"),
                                       in.word(object, "signal", kSignals)};
    }
    if (type == "wedged") {
        event::DeviceWedged wedged{in.address(object, "function"), {}};
        for (const std::string& method : texts_at(object, "methods")) {
            wedged.methods.push_back(kMethods.from(method).value_or(event::WedgedMethod::Other));
        }
        return wedged;
    }
    if (type == "services") {
        return event::ServicesChanged{in.address(object, "port")};
    }
    if (type == "missed") {
        return event::EventsMissed{text_at(object, "what")};
    }
    return std::nullopt;
}

event::Requester requester(Reader& in, const json& object) {
    return {static_cast<std::uint32_t>(
                in.number(object, "uid", std::numeric_limits<std::uint32_t>::max())),
            static_cast<std::int32_t>(
                in.number(object, "pid", std::numeric_limits<std::int32_t>::max())),
            text_at(object, "unit"), text_at(object, "reason")};
}

std::optional<Cause> request(Reader& in, const json& object, std::string_view type) {
    if (type == "reset-request") {
        event::ResetRequested reset;
        reset.port = in.address(object, "port");
        reset.function = in.optional_address(object, "function");
        const auto method = event::reset_method_from_text(text_at(object, "method"));
        if (!method) {
            in.complain("method");
        }
        reset.method = method.value_or(event::ResetMethod::Auto);
        reset.force = flag_at(object, "force");
        reset.lent = flag_at(object, "lent");
        reset.requester = requester(in, object);
        return reset;
    }
    if (type == "hold-request") {
        event::HoldRequested hold;
        hold.port = in.address(object, "port");
        if (object.contains("lasts_us")) {
            hold.lasts = span(in, object, "lasts_us");
        }
        hold.requester = requester(in, object);
        return hold;
    }
    if (type == "release-request") {
        return event::ReleaseRequested{0, in.address(object, "port"), requester(in, object)};
    }
    return std::nullopt;
}

Cause cause(Reader& in, const json& object) {
    const std::string type = text_at(object, "type");
    if (auto asked = request(in, object, type)) {
        return std::move(*asked);
    }
    if (auto said = kernel_event(in, object, type)) {
        return std::move(*said);
    }
    if (type == "effect") {
        return effect_ended(in, object);
    }
    if (type == "port") {
        return PortSeen{in.port(in.object(object, "is"))};
    }
    if (type == "history") {
        return HistorySaid{in.word(object, "said", kHistoryWords), text_at(object, "why")};
    }
    if (type == "executor-restarted") {
        return ExecutorRestarted{};
    }
    if (type == "reconfigured") {
        return Reconfigured{};
    }
    if (type != "time") {
        in.complain("type");
    }
    return TimePassed{};
}

std::optional<Earlier> earlier(Reader& in, const json& object, Instant now) {
    Earlier one;
    one.at = now - span(in, object, "ago_us");
    if (object.contains("times")) {
        one.times = static_cast<std::uint32_t>(
            in.number(object, "times", std::numeric_limits<std::uint32_t>::max()));
    }
    const std::string type = text_at(object, "type");
    if (type == "effect") {
        one.fact = effect_ended(in, object);
        return one;
    }
    auto said = kernel_event(in, object, type);
    if (!said) {
        in.complain("earlier");
        return std::nullopt;
    }
    one.fact = std::move(*said);
    return one;
}

}  // namespace

Result<Evidence> decode(std::string_view text) {
    if (text.size() > kBytesMax) {
        return failure(ErrorKind::Malformed, "read SLOTD_EVENT: too long");
    }
    const auto object = parse_json_object(text);
    if (!object) {
        return failure(ErrorKind::Malformed, "read SLOTD_EVENT: " + object.error().context);
    }
    if (const std::uint64_t version = number_at(*object, "v"); version != kSchemaVersion) {
        return failure(version > kSchemaVersion ? ErrorKind::Unsupported : ErrorKind::Malformed,
                       "read SLOTD_EVENT: version " + std::to_string(version));
    }
    Reader in;
    Evidence evidence;
    evidence.input = number_at(*object, "input");
    evidence.at = Instant(span(in, *object, "at_us"));
    evidence.cause = cause(in, in.object(*object, "cause"));
    for (const json& one : in.array(*object, "earlier")) {
        if (auto fact = earlier(in, one, evidence.at)) {
            evidence.earlier.push_back(std::move(*fact));
        }
    }
    evidence.left_out = static_cast<std::uint32_t>(
        in.number(*object, "left_out", std::numeric_limits<std::uint32_t>::max()));
    if (!in.wrong().empty()) {
        return failure(ErrorKind::Malformed, "read SLOTD_EVENT: field " + in.wrong());
    }
    return evidence;
}

}  // namespace slotd::evidence
