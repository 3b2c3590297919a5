#include "engine/sampler.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"

namespace slotd::engine {

using coordinator::AtRest;

Sampler::Request Sampler::begin_round(std::vector<AtRest> ports, Duration period, Instant now) {
    next_round_ = now + period;
    round_ = std::move(ports);
    asked_to_ = 0;
    std::erase_if(seen_, [&](const auto& known) {
        const auto at = std::ranges::lower_bound(round_, known.first, {}, &AtRest::port);
        return at == round_.end() || *at != AtRest{known.first, known.second.rest};
    });
    return ask(now);
}

Sampler::Request Sampler::ask(Instant now) {
    const std::size_t count = std::min(round_.size() - asked_to_, event::kSamplesMax);
    if (count == 0) {
        asked_ = 0;
        return {};
    }
    Request request;
    request.id = asked_ = ++last_;
    asked_at_ = now;
    asked_from_ = asked_to_;
    asked_to_ += count;
    for (const AtRest& one : std::span(round_).subspan(asked_from_, count)) {
        const auto known = seen_.find(one.port);
        request.ports.push_back({one.port, known == seen_.end() ? 0 : known->second.digest});
    }
    return request;
}

std::vector<pci::Address> Sampler::forget_asked() {
    std::vector<pci::Address> ports;
    for (const AtRest& one : std::span(round_).subspan(asked_from_, asked_to_ - asked_from_)) {
        seen_.erase(one.port);
        ports.push_back(one.port);
    }
    asked_ = 0;
    return ports;
}

Sampler::Result Sampler::answered(const event::Outcome& outcome, Instant now) {
    Result result;
    if (!outcome.succeeded()) {
        result.problem = outcome.to_string();
        result.look_at = forget_asked();
        next_round_ = std::max(next_round_, now + kAfterProblem);
        if (outcome.kind == event::OutcomeKind::ExecutorLost) {
            result.look_at.clear();  // nobody is there to look either; the next one looks at all
            forget();
            return result;
        }
        result.next = ask(now);
        return result;
    }
    for (const event::PortSample& sample : outcome.samples) {
        const auto at = std::ranges::lower_bound(round_, sample.port, {}, &AtRest::port);
        if (at != round_.end() && at->port == sample.port) {
            seen_.insert_or_assign(sample.port, Seen{at->rest, sample.digest});
            result.look_at.push_back(sample.port);
        }
    }
    result.next = ask(now);
    return result;
}

Sampler::Result Sampler::give_up(Instant now) {
    Result result;
    result.problem = "no answer within a second";
    result.look_at = forget_asked();
    result.next = ask(now);
    return result;
}

void Sampler::forget() {
    seen_.clear();
    round_.clear();
    asked_to_ = 0;
    asked_ = 0;
}

Instant Sampler::next_deadline(bool wanted) const {
    if (asked_ != 0) {
        return asked_at_ + kPatience;
    }
    return wanted ? next_round_ : kNever;
}

}  // namespace slotd::engine
