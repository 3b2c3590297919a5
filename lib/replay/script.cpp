#include "replay/script.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/request.hpp"
#include "evidence/evidence.hpp"
#include "evidence/journal_line.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::replay {

using namespace std::chrono_literals;

namespace {

/// What a step makes the kernel do may be told so much later.
constexpr Duration kEcho = 500ms;

std::optional<pci::Address> hotplugged(const Told& told) {
    const auto* const event = std::get_if<event::KernelEvent>(&told);
    if (event == nullptr) {
        return std::nullopt;
    }
    if (const auto* const seen = std::get_if<event::HotplugSeen>(event)) {
        return seen->function;
    }
    const auto* const announced = std::get_if<event::HotplugAnnounced>(event);
    return announced == nullptr ? std::nullopt : std::optional(announced->port);
}

class Collector {
public:
    void add(const evidence::JournalLine& line) {
        if (!line.evidence) {
            return;
        }
        const evidence::Evidence& evidence = *line.evidence;
        if (!offset_) {
            offset_ = line.wall_us - std::chrono::duration_cast<std::chrono::microseconds>(
                                         evidence.at.time_since_epoch())
                                         .count();
        }
        script_.end = std::max(script_.end, evidence.at);
        for (const evidence::Earlier& one : evidence.earlier) {
            std::visit(Overloaded{
                           [&](const event::KernelEvent& said) { put(one.at, said); },
                           [&](const evidence::EffectEnded& ended) { done(one.at, ended); },
                       },
                       one.fact);
        }
        if (const auto* const seen = std::get_if<evidence::PortSeen>(&evidence.cause)) {
            // One scan is told line by line.
            scans_[evidence.input].emplace_back(evidence.at, seen->port);
        } else if (inputs_.insert(evidence.input).second) {
            put_cause(evidence.at, evidence.cause);
        }
    }

    std::optional<Script> script() {
        if (scans_.empty()) {
            return std::nullopt;
        }
        put_scans();
        put_looks();
        std::ranges::stable_sort(script_.inputs, {}, &Input::at);
        std::ranges::stable_sort(script_.effects, {}, &DoneEffect::began);
        if (!std::holds_alternative<Scan>(script_.inputs.front().told)) {
            return std::nullopt;
        }
        give_echoes_to_their_effects();
        script_.wall_offset_us = offset_.value_or(0);
        return std::move(script_);
    }

private:
    void put(Instant at, Told told) { script_.inputs.push_back({at, std::move(told)}); }

    void done(Instant at, const evidence::EffectEnded& ended) {
        script_.effects.push_back({at - ended.took, ended, {}, false});
    }

    void put_cause(Instant at, const evidence::Cause& cause) {
        std::visit(
            Overloaded{
                [&](const OneOf<event::KernelEvent, event::ResetRequested, event::HoldRequested,
                                event::ReleaseRequested, evidence::ExecutorRestarted> auto& one) {
                    put(at, one);
                },
                [&](const evidence::EffectEnded& ended) { done(at, ended); },
                // Time passes by itself; history and configuration of the replay are its own.
                [](const OneOf<evidence::TimePassed, evidence::PortSeen, evidence::HistorySaid,
                               evidence::Reconfigured> auto&) {},
            },
            cause);
    }

    void put_scans() {
        std::map<pci::Address, pci::Port> ports;
        for (const auto& [input, seen] : scans_) {
            for (const auto& [at, port] : seen) {
                ports.insert_or_assign(port.address, port);
            }
            Scan scan;
            for (const auto& [address, port] : ports) {
                scan.ports.push_back(port);
            }
            put(seen.front().first, std::move(scan));
        }
    }

    void put_looks() {
        const Instant first = scans_.begin()->second.front().first;
        for (const DoneEffect& one : script_.effects) {
            if (const auto* const look = std::get_if<action::ObserveSlot>(&one.ended.effect)) {
                put(std::max(first, one.began), Looked{look->port});
            }
        }
    }

    /// Whoever does not take the step must not hear what came of it.
    void give_echoes_to_their_effects() {
        const auto* const scan = std::get_if<Scan>(&script_.inputs.front().told);
        const pci::Topology topology(scan->ports);
        const auto port_of = [&](const pci::Address& place) {
            const pci::Port* const above = topology.port_above(place);
            return topology.find(place) != nullptr || above == nullptr ? place : above->address;
        };
        std::erase_if(script_.inputs, [&](const Input& input) {
            const auto place = hotplugged(input.told);
            if (!place) {
                return false;
            }
            for (DoneEffect& effect : script_.effects) {
                const bool meanwhile = effect.began <= input.at &&
                                       input.at <= effect.began + effect.ended.took + kEcho;
                if (is_step(effect.ended.effect) && meanwhile &&
                    port_of(action::subject(effect.ended.effect)) == port_of(*place)) {
                    effect.after.push_back(input);
                    return true;
                }
            }
            return false;
        });
    }

    Script script_;
    std::optional<std::int64_t> offset_;
    std::set<std::uint64_t> inputs_;
    std::map<std::uint64_t, std::vector<std::pair<Instant, pci::Port>>> scans_;
};

}  // namespace

bool is_step(const action::Effect& effect) {
    return std::visit(
        Overloaded{
            [](const OneOf<action::ResetFunction, action::SetSlotPower, action::RemoveFunction,
                           action::RescanBelow, action::ResetByVfio,
                           action::ResetByLentFds> auto&) { return true; },
            [](const OneOf<action::RaiseFence, action::LowerFence, action::MaskHotplug,
                           action::UnmaskHotplug, action::UnbindService, action::BindService,
                           action::ObserveSlot, action::SurveyUse, action::AskHooks,
                           action::NoteVfs, action::RestoreVfs> auto&) { return false; },
        },
        effect);
}

std::optional<Script> script_of(std::span<const evidence::JournalLine> lines) {
    Collector collector;
    for (const evidence::JournalLine& line : lines) {
        collector.add(line);
    }
    return collector.script();
}

}  // namespace slotd::replay
