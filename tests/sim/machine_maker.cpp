#include "tests/sim/machine_maker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"
#include "tests/sim/hardware.hpp"
#include "tests/sim/random.hpp"

namespace slotd::sim {

namespace {

constexpr std::size_t kDepthMax = 2;

/// Builds the tree depth first, as the kernel numbers buses.
class TreeBuilder {
public:
    TreeBuilder(Machine& machine, Random& random, CardMaker& cards, std::size_t wanted)
        : machine_(machine),
          random_(random),
          cards_(cards),
          wanted_(wanted) {}

    void build() {
        const std::uint32_t domain = random_.chance(50) ? 0x10000 : 0;
        for (std::uint8_t device = 1; machine_.ports.size() < wanted_ && device < 32; ++device) {
            const bool several = random_.chance(300);
            for (std::uint8_t function = 0; function < (several ? 4 : 1); ++function) {
                if (machine_.ports.size() < wanted_) {
                    SimPort port;
                    port.address = pci::Address{domain, 0, device, function};
                    port.root_port = port.address;
                    port.services = root_services();
                    add(std::move(port), 0);
                }
            }
        }
    }

private:
    pci::ServiceSet root_services() {
        pci::ServiceSet services{pci::Service::Pme};
        if (random_.chance(900)) {
            services.insert(pci::Service::Aer);
        }
        if (random_.chance(200)) {
            services.insert(pci::Service::Dpc);
        }
        if (random_.chance(700)) {
            services.insert(pci::Service::Pciehp);
        }
        return services;
    }

    pci::ServiceSet downstream_services() {
        pci::ServiceSet services;
        if (random_.chance(100)) {
            services.insert(pci::Service::Dpc);
        }
        if (random_.chance(700)) {
            services.insert(pci::Service::Pciehp);
        }
        return services;
    }

    /// What is below the port is built before it is put into the map: its bus range must be known.
    std::uint8_t add(SimPort port, std::size_t depth) {
        port.bound = port.services;
        port.secondary = ++bus_;
        port.name = port.hotplug() ? fmt::format("{}", ++slot_) : "";
        const pci::Address address = port.address;
        machine_.ports[address] = port;
        SimPort& made = machine_.ports[address];
        const std::size_t left = wanted_ - machine_.ports.size();
        if (depth < kDepthMax && left > 0 && random_.chance(250)) {
            made.card = cards_.switch_card();
            add_downstream_ports(address, std::min<std::size_t>(left, 1 + random_.below(4)), depth);
        } else if (random_.chance(750)) {
            made.card = cards_.card();
        }
        SimPort& filled = machine_.ports[address];
        filled.subordinate = bus_;
        if (filled.card) {
            Enumerated enumerated;
            enumerated.card = filled.card->uid;
            for (const CardFunction& function : filled.card->functions) {
                enumerated.functions.push_back(enumerate(filled, *filled.card, function));
            }
            filled.enumerated = std::move(enumerated);
        }
        return bus_;
    }

    void add_downstream_ports(const pci::Address& above, std::size_t count, std::size_t depth) {
        const std::uint8_t internal = ++bus_;
        const pci::Address root = machine_.ports[above].root_port;
        const std::uint64_t card = machine_.ports[above].card->uid;
        for (std::uint8_t device = 0; device < count && machine_.ports.size() < wanted_; ++device) {
            SimPort port;
            port.address = pci::Address{above.domain, internal, device, 0};
            port.parent = above;
            port.switch_card = card;
            port.root_port = root;
            port.services = downstream_services();
            machine_.ports[above].card->ports.push_back(port.address);
            add(std::move(port), depth + 1);
        }
    }

    Machine& machine_;
    Random& random_;
    CardMaker& cards_;
    std::size_t wanted_;
    std::uint8_t bus_ = 0;
    unsigned slot_ = 0;
};

std::size_t how_many_ports(Random& random) {
    static constexpr std::array<std::size_t, 6> kMost{1, 2, 4, 8, 24, kPortsMax};
    return 1 + random.below(kMost.at(random.below(kMost.size())));
}

}  // namespace

Card CardMaker::card() {
    Card made;
    made.uid = ++made_;
    made.drivers = random_.chance(500)   ? Drivers::WithCallbacks
                   : random_.chance(700) ? Drivers::WithoutCallbacks
                                         : Drivers::VoteOnly;
    made.used = random_.chance(250);
    const bool numbered = random_.chance(600);
    const std::size_t model = random_.below(8);
    // Of one model, every card has as many functions.
    const std::size_t functions = model < 5 ? 1 : model - 3;
    for (std::size_t index = 0; index < functions; ++index) {
        CardFunction function;
        function.function = static_cast<std::uint8_t>(index);
        const auto device = static_cast<std::uint16_t>(0x1000 + model);
        function.identity = pci::Identity{0x8086, device, 0x8086, 0, 0x020000, 0, std::nullopt};
        if (numbered) {
            function.identity.serial = made.uid;
        }
        function.driver = random_.chance(900) ? "e1000e" : "";
        made.functions.push_back(std::move(function));
    }
    return made;
}

Card CardMaker::twin_of(const Card& other) {
    Card twin = other;
    twin.uid = ++made_;
    twin.dead = false;
    twin.wiped = false;
    for (CardFunction& function : twin.functions) {
        if (function.identity.serial) {
            function.identity.serial = twin.uid;
        }
    }
    return twin;
}

Card CardMaker::switch_card() {
    Card made;
    made.uid = ++made_;
    CardFunction upstream;
    upstream.identity = pci::Identity{0x104c, 0x8232, 0, 0, 0x060400, 2, std::nullopt};
    upstream.driver = "pcieport";
    made.functions.push_back(std::move(upstream));
    return made;
}

Machine make_machine(Random& random, CardMaker& cards) {
    Machine machine;
    machine.character.tracefs = random.chance(800);
    machine.character.announces = random.chance(400);
    machine.character.begin_missing = random.chance(250);
    machine.character.failed_for_port = random.chance(250);
    machine.character.leaky = random.chance(600);
    TreeBuilder(machine, random, cards, how_many_ports(random)).build();
    return machine;
}

}  // namespace slotd::sim
