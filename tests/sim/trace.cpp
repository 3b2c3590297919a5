#include "tests/sim/trace.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "tests/sim/hardware.hpp"

namespace slotd::sim {

namespace {

const char* to_text(Drivers drivers) {
    switch (drivers) {
        case Drivers::WithCallbacks:
            return "drivers with callbacks";
        case Drivers::WithoutCallbacks:
            return "drivers without callbacks";
        case Drivers::VoteOnly:
            return "drivers that only vote";
    }
    return "unknown";
}

std::string describe(const Card& card) {
    if (!card.ports.empty()) {
        return fmt::format("switch {} with {} ports", card.uid, card.ports.size());
    }
    const CardFunction& first = card.functions.front();
    return fmt::format("card {} ({} functions, {:04x}:{:04x}, {}, {}{})", card.uid,
                       card.functions.size(), first.identity.vendor, first.identity.device,
                       first.identity.serial ? "serial number" : "no serial number",
                       to_text(card.drivers), card.used ? ", in use" : "");
}

}  // namespace

void Trace::line(Instant now, const pci::Address& about, const std::string& text) {
    if (!kept_) {
        return;
    }
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
    const std::string who = about == pci::Address{} ? "-" : about.to_string();
    lines_.push_back(
        fmt::format("{:>5}.{:06} s  {:<13} {}", micros / 1000000, micros % 1000000, who, text));
}

std::vector<std::string> describe(const Machine& machine) {
    const Character& character = machine.character;
    std::vector<std::string> lines;
    lines.push_back(fmt::format(
        "kernel: tracefs {}, pci_hp_event {}, BEGIN {}, FAILED {}, link drops of resets {}",
        character.tracefs ? "yes" : "no", character.announces ? "yes" : "no",
        character.begin_missing ? "never sent" : "sent",
        character.failed_for_port ? "for the port only" : "for each function",
        character.leaky ? "may reach pciehp" : "are ignored"));
    for (const auto& [address, port] : machine.ports) {
        lines.push_back(fmt::format("{}{} bus {:02x}-{:02x} [{}] {}", address.to_string(),
                                    port.parent ? " below " + port.parent->to_string() : "",
                                    port.secondary, port.subordinate, port.services.to_string(),
                                    port.card ? describe(*port.card) : "empty"));
    }
    return lines;
}

}  // namespace slotd::sim
