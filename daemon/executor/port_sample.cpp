#include "daemon/executor/port_sample.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "daemon/executor/below_port.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "event/port_sample.hpp"
#include "os/config_space.hpp"
#include "pci/address.hpp"
#include "pci/registers/capability_walk.hpp"
#include "pci/registers/header_registers.hpp"
#include "pci/registers/link_registers.hpp"
#include "pci/registers/pcie_capability.hpp"
#include "pci/registers/slot_registers.hpp"

namespace slotd::executor {

namespace {

/// Below the 1,024 descriptors that a process has by default.
constexpr std::size_t kFilesMax = 768;

/// FNV-1a of 64 bits: another byte always gives another result, more of them in all but one case of
/// 2^64.
class Digest {
public:
    void add(std::uint64_t value) {
        for (unsigned byte = 0; byte < sizeof value; ++byte) {
            value_ = (value_ ^ (value >> (8 * byte) & 0xff)) * 0x100000001b3;
        }
    }

    std::uint64_t value() const { return value_ == 0 ? 1 : value_; }

private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

using Registers = std::array<std::uint8_t, 12>;

std::uint16_t half_at(const Registers& registers, std::size_t offset) {
    return static_cast<std::uint16_t>(registers.at(offset) | registers.at(offset + 1) << 8);
}

/// The first `size` bytes. A function that is not there reads as one that does not answer: both are
/// the same news.
Result<Registers> read_or_ones(const os::ConfigSpace& config, std::uint16_t offset,
                               std::size_t size) {
    Registers registers{};
    const auto read = config.read_block(offset, std::span(registers).first(size));
    if (!read && read.error().kind != ErrorKind::NotFound) {
        return std::unexpected(read.error());
    }
    if (!read) {
        registers.fill(0xff);
    }
    return registers;
}

std::uint64_t number_of(const pci::Address& address) {
    return std::uint64_t{address.bus} << 16 | std::uint64_t{address.device} << 8 | address.function;
}

/// What could not be found for want of descriptors is no card without it.
template <class T>
Result<T> or_none(Result<T> result) {
    return !result && result.error().kind == ErrorKind::NotFound ? Result<T>{} : std::move(result);
}

Result<std::vector<pci::Address>> addresses_below(const Hands& hands, const pci::Address& port) {
    const auto dir = hands.device_dir(port);
    return dir ? executor::addresses_below(*dir) : std::unexpected(dir.error());
}

/// Only what tells of a change: a completed command or a button is none of the card.
constexpr std::uint16_t kSlotStatusOfCard = 0x016a;
/// Speed, width and link active; training and bandwidth bits come and go by themselves.
constexpr std::uint16_t kLinkStatusOfCard = 0x23ff;

/// True where the functions below can be asked: each read of one that cannot might wait for a
/// completion that never comes.
Result<bool> add_port(Digest& digest, const os::ConfigSpace& config,
                      std::optional<std::uint16_t> pcie) {
    if (!pcie) {
        digest.add(0);
        return false;
    }
    // Link Control to Slot Status.
    const auto registers = read_or_ones(
        config, static_cast<std::uint16_t>(*pcie + pci::LinkControl::kOffset), Registers{}.size());
    if (!registers) {
        return std::unexpected(registers.error());
    }
    const std::uint16_t link =
        half_at(*registers, pci::LinkStatus::kOffset - pci::LinkControl::kOffset);
    const std::uint16_t slot =
        half_at(*registers, pci::SlotStatus::kOffset - pci::LinkControl::kOffset);
    digest.add(link & kLinkStatusOfCard);
    digest.add(slot & kSlotStatusOfCard);
    return !pci::LinkStatus(link).all_ones() && pci::SlotStatus(slot).card_present();
}

}  // namespace

Result<SampledPort> SampledPort::open(const Hands& hands, const pci::Address& port) {
    SampledPort opened;
    opened.port_ = std::make_unique<os::ConfigSpace>(hands.sysfs().path(), port);
    const auto pcie =
        or_none(pci::find_capability(opened.port_->reader(), pci::PcieCapabilities::kCapabilityId));
    const auto below = or_none(addresses_below(hands, port));
    if (!pcie || !below) {
        return std::unexpected(pcie ? below.error() : pcie.error());
    }
    opened.pcie_at_ = *pcie;
    const std::size_t count = std::min(below->size(), event::kFunctionsSeenMax);
    for (const pci::Address& function : std::span(*below).first(count)) {
        auto config = std::make_unique<os::ConfigSpace>(hands.sysfs().path(), function);
        std::optional<std::uint16_t> serial_at;
        // That of function 0 is the card's. Not everybody may read extended config space.
        if (function.function == 0) {
            serial_at =
                pci::find_extended_capability(config->reader(), pci::kSerialNumberCapabilityId)
                    .value_or(std::nullopt);
        }
        opened.functions_.push_back({std::move(config), serial_at});
    }
    return opened;
}

Result<std::uint64_t> SampledPort::digest() const {
    Digest digest;
    const auto reachable = add_port(digest, *port_, pcie_at_);
    if (!reachable) {
        return std::unexpected(reachable.error());
    }
    for (const Function& function : functions_) {
        digest.add(number_of(function.config->address()));
        if (!*reachable) {
            continue;
        }
        // Who it is, and whether it is set up. Status, above Command, says nothing of this.
        const auto header = read_or_ones(*function.config, pci::kVendorIdOffset, 8);
        if (!header) {
            return std::unexpected(header.error());
        }
        digest.add(half_at(*header, 0));
        digest.add(half_at(*header, 2));
        digest.add(half_at(*header, pci::Command::kOffset));
        if (function.serial_at) {
            const auto serial = read_or_ones(
                *function.config, static_cast<std::uint16_t>(*function.serial_at + 4), 8);
            if (!serial) {
                return std::unexpected(serial.error());
            }
            for (const std::size_t at : {0U, 2U, 4U, 6U}) {
                digest.add(half_at(*serial, at));
            }
        }
    }
    return digest.value();
}

void SampledPorts::keep(const pci::Address& port, SampledPort sampled) {
    if (files_ + sampled.files() <= kFilesMax) {
        files_ += sampled.files();
        open_.emplace(port, std::move(sampled));
    }
}

void SampledPorts::drop(const pci::Address& port) {
    if (const auto at = open_.find(port); at != open_.end()) {
        files_ -= at->second.files();
        open_.erase(at);
    }
}

Result<std::uint64_t> SampledPorts::digest(const Hands& hands, const event::PortSample& expected) {
    if (const auto at = open_.find(expected.port); at != open_.end()) {
        auto now = at->second.digest();
        if (now && *now == expected.digest) {
            return now;
        }
        // What was held open may be of what is not there any more.
        drop(expected.port);
    }
    auto fresh = SampledPort::open(hands, expected.port);
    if (!fresh) {
        return std::unexpected(std::move(fresh.error()));
    }
    auto now = fresh->digest();
    keep(expected.port, std::move(*fresh));
    return now;
}

event::Outcome SampledPorts::sample(const Hands& hands,
                                    const std::vector<event::PortSample>& expected) {
    // What is not sampled any more is not held open for it.
    std::erase_if(open_, [&](const auto& held) {
        const bool wanted = std::ranges::any_of(
            expected, [&](const event::PortSample& one) { return one.port == held.first; });
        files_ -= wanted ? 0 : held.second.files();
        return !wanted;
    });
    event::Outcome outcome = done();
    for (const event::PortSample& one : expected) {
        const auto now = digest(hands, one);
        if (!now) {
            return failed(now.error().context, now.error().os_errno);
        }
        if (*now != one.digest) {
            outcome.samples.push_back({one.port, *now});
        }
    }
    return outcome;
}

}  // namespace slotd::executor
