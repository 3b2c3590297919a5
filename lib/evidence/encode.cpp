#include "evidence/encode.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "event/request.hpp"
#include "evidence/encode_parts.hpp"
#include "evidence/evidence.hpp"
#include "evidence/json_line.hpp"
#include "evidence/words.hpp"
#include "pci/service.hpp"

namespace slotd::evidence {

namespace {

std::uint64_t microseconds(Duration time) {
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

void put_place(JsonLine& line, const char* name, const pci::Address& address) {
    line.key(name);
    line.address(address);
}

void put(JsonLine& line, const event::KernelEvent& event) {
    std::visit(Overloaded{
                   [&](const event::RecoveryReported& one) {
                       line.text_of("type", "recovery");
                       put_place(line, "function", one.function);
                       line.text_of("report", kReports.of(one.report));
                   },
                   [&](const event::ErrorReported& one) {
                       line.text_of("type", "error");
                       put_place(line, "function", one.function);
                       line.text_of("severity", kSeverities.of(one.severity));
                       line.key("status");
                       line.number(one.status);
                   },
                   [&](const event::HotplugSeen& one) {
                       line.text_of("type", "hotplug");
                       put_place(line, "function", one.function);
                       line.text_of("change", kChanges.of(one.kind));
                   },
                   [&](const event::HotplugAnnounced& one) {
                       line.text_of("type", "announced");
                       put_place(line, "port", one.port);
                       line.text_of("signal", kSignals.of(one.signal));
                   },
                   [&](const event::DeviceWedged& one) {
                       line.text_of("type", "wedged");
                       put_place(line, "function", one.function);
                       line.key("methods");
                       line.open('[');
                       const std::size_t most = std::min<std::size_t>(one.methods.size(), 8);
                       for (std::size_t index = 0; index < most; ++index) {
                           line.text(kMethods.of(one.methods[index]));
                       }
                       line.close(']');
                   },
                   [&](const event::ServicesChanged& one) {
                       line.text_of("type", "services");
                       put_place(line, "port", one.port);
                   },
                   [&](const event::EventsMissed& one) {
                       line.text_of("type", "missed");
                       line.text_of("what", one.what);
                   },
               },
               event);
}

void put_detail(JsonLine& line, const action::Effect& effect) {
    if (const auto* const unmask = std::get_if<action::UnmaskHotplug>(&effect)) {
        line.text_of("with", kLatched.of(unmask->latched));
    } else if (const auto* const unbind = std::get_if<action::UnbindService>(&effect)) {
        line.text_of("with", pci::driver_name(unbind->service));
    } else if (const auto* const bind = std::get_if<action::BindService>(&effect)) {
        line.text_of("with", pci::driver_name(bind->service));
    } else if (const auto* const reset = std::get_if<action::ResetFunction>(&effect)) {
        line.text_of("with", kResets.of(reset->method));
    } else if (const auto* const power = std::get_if<action::SetSlotPower>(&effect)) {
        line.text_of("with", power->on ? "on" : "off");
    }
}

void put(JsonLine& line, const EffectEnded& ended) {
    line.text_of("type", "effect");
    line.text_of("do", kEffects[ended.effect.index()]);
    put_place(line, "of", action::subject(ended.effect));
    put_detail(line, ended.effect);
    line.text_of("outcome", kOutcomes.of(ended.outcome.kind));
    if (ended.outcome.os_errno != 0) {
        line.key("errno");
        line.number(static_cast<std::uint64_t>(std::max(ended.outcome.os_errno, 0)));
    }
    line.key("took_us");
    line.number(microseconds(ended.took));
    if (!ended.outcome.succeeded() && !ended.outcome.context.empty()) {
        line.text_of("context", ended.outcome.context);
    }
    if (ended.outcome.observation) {
        line.key("seen");
        put(line, *ended.outcome.observation);
    }
    if (ended.outcome.usage) {
        line.key("use");
        put(line, *ended.outcome.usage);
    }
}

void put(JsonLine& line, const event::Requester& requester) {
    line.key("uid");
    line.number(requester.uid);
    line.key("pid");
    line.number(static_cast<std::uint32_t>(requester.pid));
    line.text_of("unit", requester.unit);
    line.text_of("reason", requester.reason);
}

void put(JsonLine& line, const Cause& cause) {
    line.open('{');
    std::visit(Overloaded{
                   [&](const TimePassed&) { line.text_of("type", "time"); },
                   [&](const event::KernelEvent& one) { put(line, one); },
                   [&](const EffectEnded& one) { put(line, one); },
                   [&](const event::ResetRequested& one) {
                       line.text_of("type", "reset-request");
                       put_place(line, "port", one.port);
                       if (one.function) {
                           put_place(line, "function", *one.function);
                       }
                       line.text_of("method", event::to_text(one.method));
                       line.key("force");
                       line.flag(one.force);
                       line.key("lent");
                       line.flag(one.lent);
                       put(line, one.requester);
                   },
                   [&](const event::HoldRequested& one) {
                       line.text_of("type", "hold-request");
                       put_place(line, "port", one.port);
                       if (one.lasts) {
                           line.key("lasts_us");
                           line.number(microseconds(*one.lasts));
                       }
                       put(line, one.requester);
                   },
                   [&](const event::ReleaseRequested& one) {
                       line.text_of("type", "release-request");
                       put_place(line, "port", one.port);
                       put(line, one.requester);
                   },
                   [&](const PortSeen& one) {
                       line.text_of("type", "port");
                       line.key("is");
                       put(line, one.port);
                   },
                   [&](const HistorySaid& one) {
                       line.text_of("type", "history");
                       line.text_of("said", kHistoryWords.of(one.word));
                       if (!one.why.empty()) {
                           line.text_of("why", one.why);
                       }
                   },
                   [&](const ExecutorRestarted&) { line.text_of("type", "executor-restarted"); },
                   [&](const Reconfigured&) { line.text_of("type", "reconfigured"); },
               },
               cause);
    line.close('}');
}

/// As much of it as `room` holds, newest first; how many were put.
std::size_t put_earlier(JsonLine& line, const std::vector<Earlier>& earlier, Instant now,
                        std::size_t room) {
    std::vector<std::string> facts;
    std::size_t bytes = 0;
    for (auto one = earlier.rbegin(); one != earlier.rend(); ++one) {
        JsonLine fact;
        fact.open('{');
        fact.key("ago_us");
        fact.number(microseconds(now - one->at));
        if (one->times > 1) {
            fact.key("times");
            fact.number(one->times);
        }
        std::visit([&](const auto& said) { put(fact, said); }, one->fact);
        fact.close('}');
        bytes += fact.size() + 1;
        if (bytes > room) {
            break;
        }
        facts.push_back(fact.take());
    }
    for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
        line.raw(*fact);
    }
    return facts.size();
}

}  // namespace

std::string encode(const Evidence& evidence) {
    constexpr std::size_t kTail = 40;  // ],"left_out":4294967295}
    JsonLine line;
    line.open('{');
    line.key("v");
    line.number(kSchemaVersion);
    line.key("input");
    line.number(evidence.input);
    line.key("at_us");
    line.number(microseconds(evidence.at.time_since_epoch()));
    line.key("cause");
    put(line, evidence.cause);
    std::size_t left_out = evidence.left_out;
    if (!evidence.earlier.empty()) {
        line.key("earlier");
        line.open('[');
        const std::size_t room = kBytesMax - kTail - std::min(line.size(), kBytesMax - kTail);
        left_out +=
            evidence.earlier.size() - put_earlier(line, evidence.earlier, evidence.at, room);
        line.close(']');
    }
    if (left_out != 0) {
        line.key("left_out");
        line.number(left_out);
    }
    line.close('}');
    return line.take();
}

}  // namespace slotd::evidence
