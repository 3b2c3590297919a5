#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/overloaded.hpp"
#include "base/time.hpp"
#include "coordinator/gate.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/sim/executor.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

// What the workers of the simulated slotd-exec do (daemon/executor).

namespace slotd::sim {

using namespace std::chrono_literals;
using coordinator::Gate;
using coordinator::GateKind;
using event::OutcomeKind;

bool SimExecutor::readable(const SimPort& port) const {
    return machine_.exists(port) && machine_.answers(port) &&
           schedule_.now() >= port.all_ones_until;
}

const SimPort* SimExecutor::port_of(const action::Effect& effect) const {
    const pci::Address subject = action::subject(effect);
    const SimPort* const port = machine_.find(subject);
    const bool about_function = std::holds_alternative<action::ResetFunction>(effect) ||
                                std::holds_alternative<action::RemoveFunction>(effect);
    return port != nullptr && !about_function ? port : machine_.port_of(subject);
}

Passage SimExecutor::passage_for(const action::Effect& effect, Ticket ticket) {
    const bool looks = action::reads_only(effect);
    const SimPort* const port = port_of(effect);
    const bool quick = looks || !action::machine_wide(effect);
    Passage passage{quick ? random_.between(200us, 5ms) : random_.between(2ms, 150ms)};
    auto& armed = looks ? armed_looks_ : armed_;
    const auto at = port == nullptr ? armed.end() : armed.find(port->address);
    if (at == armed.end() || at->second.empty()) {
        return passage;
    }
    const EffectFault fault = at->second.front();
    at->second.pop_front();
    switch (fault) {
        case EffectFault::Fails:
            passage.fails = true;
            break;
        case EffectFault::Slow:
            passage.takes += random_.between(500ms, 20s);
            break;
        case EffectFault::HangsLate:
            passage.takes = action::deadline_of(effect) + random_.between(100ms, 60s);
            break;
        case EffectFault::HangsEver:
            passage.returns = false;
            break;
        case EffectFault::WorkerDies:
            schedule_.after(random_.between({}, passage.takes * 2), [this, ticket] {
                end(ticket, ended_as(OutcomeKind::WorkerLost, "the worker ended"));
            });
            break;
    }
    return passage;
}

void SimExecutor::move(const Gate& gate, bool closed, action::Latched latched,
                       const Passage& passage, const Kernel::Ended& ended) {
    switch (gate.kind) {
        case GateKind::Fence:
            kernel_.set_fence(gate.port, closed, passage, ended);
            return;
        case GateKind::HotplugMask:
            kernel_.set_mask(gate.port, closed, latched, passage, ended);
            return;
        case GateKind::Vfs:
            kernel_.set_vfs(gate.port, passage, ended);
            return;
        case GateKind::Service:
            if (closed) {
                kernel_.unbind(gate.port, gate.service, passage, ended);
            } else {
                kernel_.bind(gate.port, gate.service, passage, ended);
            }
            return;
    }
}

bool SimExecutor::nobodys(Ticket ticket) {
    const Worker* const worker = find(ticket);
    return worker == nullptr || worker->id == 0;
}

void SimExecutor::undo(Ticket ticket, const Gate& gate, const event::Outcome& why) {
    move(gate, false, action::Latched::Deliver, {1ms},
         [this, ticket, gate, why](const event::Outcome& opened) {
             // A port that is only silent keeps its gate, and the record does.
             const bool well = opened.succeeded() || !machine_.exists(*machine_.find(gate.port));
             if (well) {
                 record_.erase(gate);
             }
             if (nobodys(ticket)) {
                 hooks_.gate_moved(gate, well);
             }
             end(ticket, why);
         });
}

void SimExecutor::close(Ticket ticket, const Gate& gate, const Passage& passage) {
    const SimPort& port = *machine_.find(gate.port);
    const bool has_registers = gate.kind != GateKind::Service;
    if (!machine_.exists(port) || (has_registers && !readable(port))) {
        end(ticket, ended_as(OutcomeKind::Gone, "the port does not answer"));
        return;
    }
    if (gate.kind == GateKind::HotplugMask && !port.hotplug()) {
        end(ticket, ended_as(OutcomeKind::Refused, "the port has no slot"));
        return;
    }
    if (gate.kind == GateKind::Service && !port.services.contains(gate.service)) {
        end(ticket, ended_as(OutcomeKind::Refused, "there is no such service"));
        return;
    }
    if (gate.kind == GateKind::Service && !kernel_.looks_bound(port, gate.service)) {
        end(ticket, ended_as(OutcomeKind::AlreadySo, "is not bound"));
        return;
    }
    record_.insert(gate);
    move(gate, true, action::Latched::Deliver, passage,
         [this, ticket, gate](const event::Outcome& closed) {
             const Worker* const worker = find(ticket);
             if (worker == nullptr) {
                 hooks_.gate_moved(gate, false);  // it is dead; the record knows
                 return;
             }
             if (!closed.succeeded()) {
                 undo(ticket, gate, closed);
             } else if (worker->called_off) {
                 undo(ticket, gate, ended_as(OutcomeKind::Failed, "came back late", ETIMEDOUT));
             } else {
                 end(ticket, closed);
             }
         });
}

void SimExecutor::open(Ticket ticket, const Gate& gate, action::Latched latched,
                       const Passage& passage) {
    const SimPort& port = *machine_.find(gate.port);
    const bool has_registers = gate.kind != GateKind::Service;
    if (has_registers && !record_.contains(gate)) {
        end(ticket, ended_as(OutcomeKind::AlreadySo, "is not closed"));
        return;
    }
    if (!machine_.exists(port) || (has_registers && !readable(port))) {
        if (!machine_.exists(port)) {
            record_.erase(gate);
        }
        end(ticket, ended_as(OutcomeKind::Gone, "the port does not answer"));
        return;
    }
    move(gate, false, latched, passage, [this, ticket, gate](const event::Outcome& opened) {
        if (nobodys(ticket)) {
            hooks_.gate_moved(gate, true);
        }
        if (find(ticket) == nullptr) {
            return;
        }
        if (opened.succeeded() || !machine_.exists(*machine_.find(gate.port))) {
            record_.erase(gate);
        }
        end(ticket, opened);
    });
}

void SimExecutor::look(Ticket ticket, const Passage& passage) {
    const auto answer = [this, ticket, fails = passage.fails] {
        const Worker* const worker = find(ticket);
        if (worker == nullptr) {
            return;
        }
        const SimPort& port = *machine_.find(action::subject(worker->effect));
        if (fails) {
            end(ticket, ended_as(OutcomeKind::Failed, "observe", EIO));
        } else if (!machine_.exists(port)) {
            end(ticket, ended_as(OutcomeKind::Gone, "observe", ENOENT));
        } else if (std::holds_alternative<action::AskHooks>(worker->effect)) {
            end(ticket, done());
        } else if (std::holds_alternative<action::SurveyUse>(worker->effect)) {
            event::Outcome outcome = done();
            outcome.usage = machine_.usage(port);
            end(ticket, outcome);
        } else {
            event::Outcome outcome = done();
            outcome.observation = machine_.observe(port, schedule_.now());
            end(ticket, outcome);
        }
    };
    if (passage.returns) {
        schedule_.after(passage.takes, answer);
    }
}

event::Outcome SimExecutor::sampled(const std::vector<event::PortSample>& expected) const {
    event::Outcome outcome = done();
    for (const event::PortSample& one : expected) {
        std::string registers;
        const SimPort* const port = machine_.find(one.port);
        if (port != nullptr && machine_.exists(*port)) {
            const event::Observation seen = machine_.observe(*port, schedule_.now());
            registers = fmt::format("{} {} {} {} {} {} {}", seen.port_answers,
                                    seen.card_present.value_or(false),
                                    seen.link_active.value_or(false), seen.presence_latched,
                                    seen.link_change_latched, seen.link_speed, seen.link_width);
            for (const event::FunctionSeen& function : seen.functions) {
                registers +=
                    fmt::format(" {} {:x}:{:x} {:x} {} {} {}", function.address.to_string(),
                                function.identity.vendor, function.identity.device,
                                function.identity.serial.value_or(0), function.command,
                                function.memory_decodes, function.bars_intact);
            }
        }
        const std::uint64_t digest = std::hash<std::string>{}(registers) | 1;
        if (digest != one.digest) {
            outcome.samples.push_back({one.port, digest});
        }
    }
    return outcome;
}

void SimExecutor::perform(Ticket ticket, const Passage& passage) {
    const action::Effect effect = find(ticket)->effect;
    const auto ended = [this, ticket](const event::Outcome& outcome) { end(ticket, outcome); };
    if (const auto gate = coordinator::closed_by(effect)) {
        close(ticket, *gate, passage);
        return;
    }
    if (const auto gate = coordinator::opened_by(effect)) {
        const auto* const unmask = std::get_if<action::UnmaskHotplug>(&effect);
        open(ticket, *gate, unmask != nullptr ? unmask->latched : action::Latched::Forget, passage);
        return;
    }
    const SimPort* const port = port_of(effect);
    if (port == nullptr || (!action::reads_only(effect) && !readable(*port))) {
        end(ticket, ended_as(OutcomeKind::Gone, "the port does not answer"));
        return;
    }
    std::visit(
        Overloaded{
            [&](const action::ResetFunction& one) {
                kernel_.reset(one.function, one.method, passage, ended);
            },
            [&](const action::SetSlotPower& one) {
                kernel_.set_power(one.port, one.on, passage, ended);
            },
            [&](const action::RemoveFunction& one) {
                kernel_.remove(one.function, passage, ended);
            },
            [&](const action::RescanBelow& one) { kernel_.rescan(one.port, passage, ended); },
            [&](const OneOf<action::ResetByVfio, action::ResetByLentFds> auto& one) {
                kernel_.hot_reset(one.port, passage, ended);
            },
            [&](const OneOf<action::ObserveSlot, action::SurveyUse, action::AskHooks> auto&) {
                look(ticket, passage);
            },
            // Gates, above.
            [](const OneOf<action::RaiseFence, action::LowerFence, action::MaskHotplug,
                           action::UnmaskHotplug, action::UnbindService, action::BindService,
                           action::NoteVfs, action::RestoreVfs> auto&) {},
        },
        effect);
}

}  // namespace slotd::sim
