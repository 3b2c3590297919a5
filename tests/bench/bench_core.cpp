// What one event costs the decoders and the core, at machines of 16 to 4,096 ports, and what a
// storm of them does. Without the outside: nothing is read, and what the core wants done is counted
// and dropped.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/time.hpp"
#include "coordinator/coordinator.hpp"
#include "event/kernel_event.hpp"
#include "event/trace_decode.hpp"
#include "event/uevent_decode.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd {
namespace {

constexpr std::size_t kPortsOfBlock = 16;  // a Root Port and the 15 Downstream Ports of its switch
constexpr std::size_t kBlocksOfDomain = 8;
constexpr std::size_t kBusesOfBlock = 17;

pci::Port port_at(pci::Address address, const pci::Port* above, std::size_t first,
                  std::size_t last) {
    pci::Port port;
    port.address = address;
    port.root_port = above == nullptr ? address : above->address;
    if (above != nullptr) {
        port.kind = pci::PortKind::SwitchDownstreamPort;
        port.parent = above->address;
    }
    port.secondary_bus = static_cast<std::uint8_t>(first);
    port.subordinate_bus = static_cast<std::uint8_t>(last);
    port.services = {pci::Service::Pciehp};
    if (above == nullptr) {
        port.services.insert(pci::Service::Aer);
    }
    port.bound = port.services;
    return port;
}

/// The same machine that tests/bench/bench/tree.py writes as files, with one function a card.
pci::Topology machine(std::size_t ports) {
    std::vector<pci::Port> all;
    for (std::size_t block = 0; block < ports / kPortsOfBlock; ++block) {
        const auto domain = static_cast<std::uint16_t>(block / kBlocksOfDomain);
        const std::size_t at = block % kBlocksOfDomain;
        const std::size_t first = 1 + at * kBusesOfBlock;
        const pci::Port root = port_at({domain, 0, static_cast<std::uint8_t>(at), 0}, nullptr,
                                       first, first + kBusesOfBlock - 1);
        all.push_back(root);
        for (std::size_t down = 0; down + 1 < kPortsOfBlock; ++down) {
            const pci::Address address{domain, static_cast<std::uint8_t>(first + 1),
                                       static_cast<std::uint8_t>(down), 0};
            all.push_back(port_at(address, &root, first + 2 + down, first + 2 + down));
            pci::Function card;
            card.address = {domain, static_cast<std::uint8_t>(first + 2 + down), 0, 0};
            card.identity.vendor = 0x8086;
            all.back().functions = {card};
        }
    }
    return pci::Topology(std::move(all));
}

/// A coordinator that has seen the machine, and the functions that events are about, in an order
/// that jumps from domain to domain.
struct World {
    explicit World(std::size_t ports) : coordinator(coordinator::Settings{}) {
        pci::Topology topology = machine(ports);
        for (const pci::Port& port : topology.ports()) {
            for (const pci::Function& function : port.functions) {
                functions.push_back(function.address);
            }
        }
        constexpr std::size_t kStride = 7;  // shares no factor with 15 or a power of two
        std::vector<pci::Address> jumping;
        for (std::size_t at = 0; at < functions.size(); ++at) {
            jumping.push_back(functions[at * kStride % functions.size()]);
        }
        functions = std::move(jumping);
        (void)coordinator.topology_scanned(std::move(topology), now);
    }

    std::size_t hear(const event::KernelEvent& said) {
        now += std::chrono::microseconds(2);
        const std::size_t actions = coordinator.kernel_said(said, now).size();
        benchmark::DoNotOptimize(coordinator.next_deadline());
        return actions;
    }

    coordinator::Coordinator coordinator;
    std::vector<pci::Address> functions;
    Instant now{std::chrono::hours(1)};
};

/// An error and the recovery that it begins, once at every slot in turn.
void one_event(benchmark::State& state) {
    World world(static_cast<std::size_t>(state.range(0)));
    std::size_t next = 0;
    for (auto _ : state) {
        const pci::Address function = world.functions[next];
        next = next + 1 == world.functions.size() ? 0 : next + 1;
        benchmark::DoNotOptimize(
            world.hear(event::ErrorReported{function, event::Severity::Fatal, 0x40000}));
        benchmark::DoNotOptimize(
            world.hear(event::RecoveryReported{function, event::RecoveryReport::Began}));
    }
    state.SetItemsProcessed(2 * state.iterations());
}

BENCHMARK(one_event)->Arg(16)->Arg(256)->Arg(4096);

/// A message as the kernel sends it: "KEY=value" parts, each ended by NUL.
std::string uevent_about(const pci::Address& function, std::string_view error_event) {
    std::string text = fmt::format(
        "change@/devices/pci0000:00/{0}*ACTION=change*DEVPATH=/devices/pci0000:00/{0}*"
        "SUBSYSTEM=pci*ERROR_EVENT={1}*DRIVER=e1000e*PCI_CLASS=20000*PCI_ID=8086:10D3*"
        "PCI_SUBSYS_ID=8086:A01F*PCI_SLOT_NAME={0}*"
        "MODALIAS=pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00*SEQNUM=4711*",
        function.to_string(), error_event);
    for (char& one : text) {
        one = one == '*' ? '\0' : one;
    }
    return text;
}

std::string trace_about(const pci::Address& function) {
    return fmt::format(
        "   irq/24-aerdrv-87      [001] .....   714.382231: aer_event: {} PCIe Bus Error: "
        "severity=Fatal, Malformed TLP, TLP Header=Not available",
        function.to_string());
}

/// In place of libudev, which does this in the program.
event::Uevent properties_of(std::string_view message) {
    event::Uevent uevent;
    const std::array<std::pair<std::string_view, std::string_view*>, 5> wanted{
        {{"SUBSYSTEM=", &uevent.subsystem},
         {"ACTION=", &uevent.action},
         {"DEVPATH=", &uevent.devpath},
         {"PCI_SLOT_NAME=", &uevent.function},
         {"ERROR_EVENT=", &uevent.error_event}}};
    while (!message.empty()) {
        const std::string_view part = next_field(message, '\0');
        for (const auto& [key, value] : wanted) {
            if (part.starts_with(key)) {
                *value = part.substr(key.size());
            }
        }
    }
    return uevent;
}

/// For each function the three messages of a recovery that fails, as the kernel writes them.
std::vector<std::string> storm_of(const World& world) {
    std::vector<std::string> messages;
    for (const pci::Address& function : world.functions) {
        messages.push_back(trace_about(function));
        messages.push_back(uevent_about(function, "BEGIN_RECOVERY"));
        messages.push_back(uevent_about(function, "FAILED_RECOVERY"));
    }
    return messages;
}

void storm(benchmark::State& state) {
    World world(static_cast<std::size_t>(state.range(0)));
    const std::vector<std::string> messages = storm_of(world);
    std::size_t next = 0;
    std::int64_t heard = 0;
    for (auto _ : state) {
        const std::string& message = messages[next];
        const auto said = next % 3 == 0 ? event::decode_trace_line(message)
                                        : event::decode_uevent(properties_of(message));
        next = next + 1 == messages.size() ? 0 : next + 1;
        if (said) {
            heard += 1;
            benchmark::DoNotOptimize(world.hear(*said));
        }
    }
    if (heard != state.iterations()) {
        state.SkipWithError("a message of the storm was not understood");
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(storm)->Arg(256)->Arg(4096);

/// The floor of a storm: its bytes are copied once.
void storm_copied(benchmark::State& state) {
    const World world(static_cast<std::size_t>(state.range(0)));
    const std::vector<std::string> messages = storm_of(world);
    std::array<char, 1024> copy{};
    std::size_t next = 0;
    for (auto _ : state) {
        const std::string& message = messages[next];
        next = next + 1 == messages.size() ? 0 : next + 1;
        std::memcpy(copy.data(), message.data(), message.size());
        benchmark::DoNotOptimize(copy);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(storm_copied)->Arg(256);

}  // namespace
}  // namespace slotd

BENCHMARK_MAIN();
