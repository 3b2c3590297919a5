#include "evidence/recent.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

namespace {

/// So far back the same thing again is looked for: several functions of one card report in turn.
constexpr std::size_t kSameWithin = 8;

std::optional<pci::Address> about(const event::KernelEvent& event) {
    using Place = std::optional<pci::Address>;
    return std::visit(
        Overloaded{
            [](const OneOf<event::RecoveryReported, event::ErrorReported, event::HotplugSeen,
                           event::DeviceWedged> auto& one) -> Place { return one.function; },
            [](const OneOf<event::HotplugAnnounced, event::ServicesChanged> auto& one) -> Place {
                return one.port;
            },
            // Has a line of its own.
            [](const event::EventsMissed&) -> Place { return std::nullopt; },
        },
        event);
}

bool below(const pci::Port& port, const pci::Address& address) {
    return address.domain == port.address.domain && port.secondary_bus != 0 &&
           port.secondary_bus <= address.bus && address.bus <= port.subordinate_bus;
}

}  // namespace

void Recent::kernel_said(const event::KernelEvent& event, Instant now) {
    const auto place = about(event);
    if (!place) {
        return;
    }
    const std::size_t within = std::min(kSameWithin, facts_.size());
    const auto same = std::find_if(
        facts_.rbegin(), std::next(facts_.rbegin(), static_cast<std::ptrdiff_t>(within)),
        [&](const Fact& fact) {
            const auto* const said = std::get_if<event::KernelEvent>(&fact.earlier.fact);
            return fact.about == *place && said != nullptr && *said == event;
        });
    if (same != std::next(facts_.rbegin(), static_cast<std::ptrdiff_t>(within))) {
        same->earlier.times += same->earlier.times == UINT32_MAX ? 0 : 1;
        same->earlier.at = now;
        return;
    }
    put({*place, 0, {now, event, 1}});
}

void Recent::effect_began(event::EffectId id, const action::Effect& effect, Instant now) {
    began_.insert_or_assign(id, std::pair(effect, now));
}

std::optional<EffectEnded> Recent::effect_ended(event::EffectId id, const event::Outcome& outcome,
                                                Instant now) {
    const auto at = began_.find(id);
    if (at == began_.end()) {
        return std::nullopt;
    }
    EffectEnded ended{at->second.first, outcome, now - at->second.second};
    if (outcome.kind != event::OutcomeKind::TimedOut) {
        began_.erase(at);
    }
    return ended;
}

void Recent::keep(std::uint32_t slot, EffectEnded ended, Instant now) {
    ended.outcome.observation.reset();
    ended.outcome.usage.reset();
    const pci::Address place = action::subject(ended.effect);
    put({place, slot, {now, std::move(ended), 1}});
}

Recent::Taken Recent::take(const pci::Port& port, std::uint32_t slot) {
    Taken taken;
    const auto concerns = [&](const Fact& fact) {
        return fact.slot != 0 ? fact.slot == slot
                              : fact.about == port.address || below(port, fact.about);
    };
    for (Fact& fact : facts_) {
        if (concerns(fact)) {
            taken.facts.push_back(std::move(fact.earlier));
            fact.slot = 0;
            fact.about = {};
            fact.earlier.times = 0;
        }
    }
    std::erase_if(facts_, [](const Fact& fact) { return fact.earlier.times == 0; });
    // One that happened again stands where it began.
    std::ranges::stable_sort(taken.facts, {}, &Earlier::at);
    if (taken.facts.size() > kTakenMax) {
        const std::size_t more = taken.facts.size() - kTakenMax;
        taken.facts.erase(taken.facts.begin(),
                          taken.facts.begin() + static_cast<std::ptrdiff_t>(more));
        taken.left_out = static_cast<std::uint32_t>(more);
    }
    return taken;
}

void Recent::put(Fact fact) {
    if (facts_.size() == kFactsMax) {
        facts_.pop_front();
    }
    facts_.push_back(std::move(fact));
}

}  // namespace slotd::evidence
