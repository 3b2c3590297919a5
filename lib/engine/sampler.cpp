#include "engine/sampler.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"

namespace slotd::engine {

Sampler::Request Sampler::begin_round(const std::vector<pci::Address>& ports, Duration period,
                                      Instant now) {
    next_round_ = now + period;
    round_ = ports;
    asked_to_ = 0;
    // A slot that was not at rest, or not looked at, since the last round begins anew.
    std::erase_if(digests_, [&](const auto& known) {
        return !std::ranges::binary_search(round_, known.first);
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
    for (const pci::Address& port : std::span(round_).subspan(asked_from_, count)) {
        const auto known = digests_.find(port);
        request.ports.push_back({port, known == digests_.end() ? 0 : known->second});
    }
    return request;
}

std::vector<pci::Address> Sampler::forget_asked() {
    const auto asked = std::span(round_).subspan(asked_from_, asked_to_ - asked_from_);
    for (const pci::Address& port : asked) {
        digests_.erase(port);
    }
    asked_ = 0;
    return {asked.begin(), asked.end()};
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
        digests_.insert_or_assign(sample.port, sample.digest);
        result.look_at.push_back(sample.port);
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
    digests_.clear();
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
