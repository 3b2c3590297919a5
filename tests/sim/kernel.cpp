#include "tests/sim/kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/kernel_event.hpp"
#include "event/outcome.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

namespace slotd::sim {

using namespace std::chrono_literals;
using event::OutcomeKind;

event::Outcome done() {
    return event::Outcome{};
}

event::Outcome ended_as(OutcomeKind kind, const std::string& context, int os_errno) {
    return event::Outcome{kind, os_errno, context, std::nullopt};
}

Kernel::Kernel(Schedule& schedule, Machine& machine, Random random, Say say, Note note)
    : schedule_(schedule),
      machine_(machine),
      random_(random),
      say_(std::move(say)),
      note_(std::move(note)) {}

void Kernel::pass(const Passage& passage, const std::function<void()>& then) {
    if (passage.returns) {
        later(passage.takes, then);
    }
}

void Kernel::later(Duration delay, std::function<void()> then) {
    pending_ += 1;
    schedule_.after(delay, [this, then = std::move(then)] {
        pending_ -= 1;
        then();
    });
}

bool Kernel::stuck(const pci::Address& port) const {
    return stuck_config_.contains(port) ||
           std::ranges::any_of(stuck_services_,
                               [&](const auto& service) { return service.first == port; });
}

std::optional<std::uint64_t> Kernel::device_of(const pci::Address& address) const {
    const SimPort& port = *machine_.find(address);
    return machine_.exists(port) ? std::optional(port.made) : std::nullopt;
}

void Kernel::card_out(SimPort& port) {
    const bool is_switch = port.card && !port.card->ports.empty();
    link_down(port);
    if (is_switch) {
        port.switch_home = std::move(port.card);
    }
    port.card.reset();
}

void Kernel::card_in(SimPort& port, Card card) {
    port.card = std::move(card);
    port.card->wiped = true;
    port.link_up = false;
    port.change_latched = true;
    hotplug_interrupt(port.address);
    later(random_.between(50ms, 400ms), [this, address = port.address] { link_comes_up(address); });
}

void Kernel::link_flaps(SimPort& port, Duration down_for) {
    link_down(port);
    later(down_for, [this, address = port.address] { link_comes_up(address); });
}

void Kernel::set_fence(const pci::Address& address, bool up, Passage passage, const Ended& ended) {
    write_config(address, passage, ended, [up](SimPort& port) { port.fenced = up; });
}

void Kernel::set_mask(const pci::Address& address, bool masked, action::Latched latched,
                      Passage passage, const Ended& ended) {
    write_config(address, passage, ended, [this, masked, latched](SimPort& port) {
        port.masked = masked;
        if (!masked && latched == action::Latched::Forget) {
            port.change_latched = false;
        }
        hotplug_interrupt(port.address);
    });
}

void Kernel::write_config(const pci::Address& address, Passage passage, const Ended& ended,
                          const std::function<void(SimPort&)>& write) {
    // Whoever waits for the configuration lock of a port gets it in turn.
    KernelLock& lock = config_[address];
    lock.take([this, &lock, device = device_of(address), address, passage, ended, write] {
        if (!passage.returns) {
            stuck_config_.insert(address);
        }
        pass(passage, [this, &lock, device, address, passage, ended, write] {
            SimPort& port = *machine_.find(address);
            const bool there = device && device == device_of(address) && machine_.answers(port);
            if (there && !passage.fails) {
                write(port);
            }
            lock.release(schedule_);
            ended(passage.fails ? ended_as(OutcomeKind::Failed, "write config", EPERM)
                  : there       ? done()
                                : ended_as(OutcomeKind::Gone, "write config"));
        });
    });
}

void Kernel::set_vfs(const pci::Address& address, Passage passage, const Ended& ended) {
    write_config(address, passage, ended, [](SimPort&) {});
}

void Kernel::unbind(const pci::Address& address, pci::Service service, Passage passage,
                    Ended ended) {
    KernelLock& lock = lock_of(address, service);
    lock.take([this, &lock, device = device_of(address), address, service, passage, ended] {
        if (!passage.returns) {
            stuck_services_.insert({address, service});
        }
        pass(passage, [this, &lock, device, address, service, passage, ended] {
            SimPort& port = *machine_.find(address);
            const bool there = device && device == device_of(address);
            const bool was = there && port.bound.contains(service);
            if (was && !passage.fails) {
                port.bound.erase(service);
                say(event::ServicesChanged{address});
            }
            lock.release(schedule_);
            ended(passage.fails ? ended_as(OutcomeKind::Failed, "unbind", EIO)
                  : was         ? done()
                  : there       ? ended_as(OutcomeKind::AlreadySo, "is not bound")
                                : ended_as(OutcomeKind::Gone, "unbind", ENODEV));
        });
    });
}

bool Kernel::looks_bound(const SimPort& port, pci::Service service) const {
    return port.bound.contains(service) || binding_.contains({port.address, service});
}

void Kernel::bind(const pci::Address& address, pci::Service service, Passage passage, Ended ended) {
    KernelLock& lock = lock_of(address, service);
    binding_.insert({address, service});
    lock.take([this, &lock, device = device_of(address), address, service, passage, ended] {
        if (!passage.returns) {
            stuck_services_.insert({address, service});
        }
        pass(passage, [this, &lock, device, address, service, passage, ended] {
            SimPort& port = *machine_.find(address);
            const bool there =
                device && device == device_of(address) && port.services.contains(service);
            const bool already = there && port.bound.contains(service);
            binding_.erase({address, service});
            if (there && !already && !passage.fails) {
                port.bound.insert(service);
                say(event::ServicesChanged{address});
                if (service == pci::Service::Pciehp) {
                    // pcie_init: everything latched is cleared, notification is on, and
                    // pciehp_check_presence makes an event of a difference.
                    port.masked = false;
                    port.change_latched = port.card.has_value() != port.enumerated.has_value();
                }
            }
            if (service == pci::Service::Pciehp && there && !already && port.change_latched) {
                // What the probe found is worked on before anybody can unbind it again: free_irq
                // lets the thread run once more.
                later(random_.between(1ms, 10ms), [this, address] { hotplug_thread(address); });
            } else {
                lock.release(schedule_);
                hotplug_interrupt(address);
            }
            ended(passage.fails ? ended_as(OutcomeKind::Failed, "bind", EIO)
                  : already     ? ended_as(OutcomeKind::AlreadySo, "is bound")
                  : there       ? done()
                                : ended_as(OutcomeKind::Gone, "bind", ENODEV));
        });
    });
}

void Kernel::reset(const pci::Address& function, action::KernelReset method, Passage passage,
                   Ended ended) {
    pass(passage, [this, function, method, passage, ended] {
        SimPort* const port = machine_.port_of(function);
        if (port == nullptr || !port->enumerated) {
            ended(ended_as(OutcomeKind::Gone, "reset", ENODEV));
            return;
        }
        if (passage.fails) {
            ended(ended_as(OutcomeKind::Failed, "reset", ENOTTY));
            return;
        }
        if (method == action::KernelReset::Flr) {
            const bool has_flr = port->enumerated->card % 3 != 0;
            ended(has_flr ? done() : ended_as(OutcomeKind::Refused, "no flr", ENOTTY));
            return;
        }
        if (port->enumerated->functions.size() != 1 ||
            port->enumerated->functions.front().is_bridge) {
            ended(ended_as(OutcomeKind::Refused, "no bus reset", ENOTTY));
            return;
        }
        reset_slot(port->address, ended);
    });
}

void Kernel::hot_reset(const pci::Address& address, Passage passage, Ended ended) {
    pass(passage, [this, address, passage, ended] {
        const SimPort& port = *machine_.find(address);
        if (!machine_.exists(port) || !port.enumerated) {
            ended(ended_as(OutcomeKind::Gone, "hot reset", ENODEV));
        } else if (passage.fails || port.enumerated->functions.front().is_bridge) {
            ended(ended_as(OutcomeKind::Failed, "hot reset", EINVAL));
        } else {
            reset_slot(address, ended);
        }
    });
}

void Kernel::reset_slot(const pci::Address& address, const Ended& ended) {
    const Duration down_for = random_.between(20ms, 150ms);
    const SimPort& before = *machine_.find(address);
    const bool wiped = before.card && before.card->wiped;
    reset_link(address, down_for);
    later(down_for + 10ms, [this, address, wiped, ended] {
        SimPort& after = *machine_.find(address);
        const bool back = machine_.card_answers(after);
        if (back) {
            after.card->wiped = wiped;  // saved before, restored now, whatever it was
        }
        ended(back ? done() : ended_as(OutcomeKind::Failed, "the card is not back", ENOTTY));
    });
}

void Kernel::set_power(const pci::Address& address, bool on, Passage passage, Ended ended) {
    KernelLock& lock = lock_of(address, pci::Service::Pciehp);
    lock.take([this, &lock, address, on, passage, ended] {
        SimPort& port = *machine_.find(address);
        const auto end = [this, address, ended](const event::Outcome& outcome) {
            hotplug_done(address);
            ended(outcome);
        };
        if (!machine_.exists(port) || !port.bound.contains(pci::Service::Pciehp)) {
            end(ended_as(OutcomeKind::Refused, "pciehp is not bound"));
            return;
        }
        if (port.enumerated.has_value() == on) {
            end(ended_as(OutcomeKind::AlreadySo, "already so"));
            return;
        }
        if (on && !port.card) {
            end(ended_as(OutcomeKind::Gone, "no card", ENODEV));
            return;
        }
        rescan_.take([this, address, on, passage, end] {
            if (!passage.returns) {
                enumeration_stuck_ = true;
                stuck_services_.insert({address, pci::Service::Pciehp});
            }
            pass(passage, [this, address, on, passage, end] {
                SimPort& now = *machine_.find(address);
                bool well = !passage.fails && machine_.exists(now);
                if (well && on) {
                    if (now.card) {
                        now.card->dead = now.card->dead && random_.chance(300);
                    }
                    well = now.enumerated || add_below(now);
                } else if (well) {
                    remove_below(now);
                }
                rescan_.release(schedule_);
                end(well ? done() : ended_as(OutcomeKind::Failed, "slot power", EPERM));
            });
        });
    });
}

void Kernel::remove(const pci::Address& function, Passage passage, Ended ended) {
    rescan_.take([this, function, passage, ended] {
        enumeration_stuck_ = enumeration_stuck_ || !passage.returns;
        pass(passage, [this, function, passage, ended] {
            SimPort* const port = machine_.port_of(function);
            const bool there = port != nullptr && port->enumerated;
            if (there && !passage.fails) {
                if (port->enumerated->functions.size() == 1) {
                    remove_below(*port);
                } else {
                    std::erase_if(port->enumerated->functions, [&](const pci::Function& one) {
                        return one.address == function;
                    });
                    say(event::HotplugSeen{function, event::HotplugKind::Removed});
                }
            }
            rescan_.release(schedule_);
            ended(passage.fails ? ended_as(OutcomeKind::Failed, "remove", EIO)
                  : there       ? done()
                                : ended_as(OutcomeKind::Gone, "remove", ENOENT));
        });
    });
}

void Kernel::rescan(const pci::Address& address, Passage passage, Ended ended) {
    rescan_.take([this, address, passage, ended] {
        enumeration_stuck_ = enumeration_stuck_ || !passage.returns;
        pass(passage, [this, address, passage, ended] {
            SimPort& port = *machine_.find(address);
            if (machine_.exists(port) && !passage.fails) {
                // What is known stays as it is; only empty places are looked into.
                if (!port.enumerated) {
                    (void)add_below(port);
                } else if (port.card && port.card->uid == port.enumerated->card) {
                    for (const CardFunction& function : port.card->functions) {
                        const pci::Address at = address_of(port, function);
                        auto& known = port.enumerated->functions;
                        if (std::ranges::find(known, at, &pci::Function::address) == known.end()) {
                            known.push_back(enumerate(port, *port.card, function));
                            say(event::HotplugSeen{at, event::HotplugKind::Added});
                        }
                    }
                    std::ranges::sort(port.enumerated->functions, {}, &pci::Function::address);
                }
            }
            rescan_.release(schedule_);
            ended(passage.fails ? ended_as(OutcomeKind::Failed, "rescan", EIO) : done());
        });
    });
}

}  // namespace slotd::sim
