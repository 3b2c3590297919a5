#include "event/outcome_wire.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "event/usage_wire.hpp"
#include "pci/address.hpp"
#include "pci/address_wire.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"

namespace slotd::event {

namespace {

constexpr std::uint16_t kMagic = 0x4f53;  // "SO"
constexpr std::uint8_t kVersion = 3;
constexpr std::size_t kReportBytesMax = 65536;
constexpr int kErrnoMax = 4095;  // the kernel's MAX_ERRNO

void put_optional_bool(ByteWriter& out, const std::optional<bool>& value) {
    out.boolean(value.has_value());
    out.boolean(value.value_or(false));
}

std::optional<bool> take_optional_bool(ByteReader& in) {
    const bool known = in.boolean();
    const bool value = in.boolean();
    if (!known && value) {
        in.fail();
    }
    return known ? std::optional(value) : std::nullopt;
}

template <std::unsigned_integral T>
void put_optional(ByteWriter& out, const std::optional<T>& value) {
    out.boolean(value.has_value());
    out.number(value.value_or(0));
}

template <std::unsigned_integral T>
std::optional<T> take_optional(ByteReader& in) {
    const bool known = in.boolean();
    const T value = in.number<T>();
    if (!known && value != 0) {
        in.fail();
    }
    return known ? std::optional(value) : std::nullopt;
}

void put_identity(ByteWriter& out, const pci::Identity& identity) {
    out.number(identity.vendor);
    out.number(identity.device);
    out.number(identity.subsystem_vendor);
    out.number(identity.subsystem_device);
    out.number(identity.class_code);
    out.number(identity.revision);
    put_optional(out, identity.serial);
}

pci::Identity take_identity(ByteReader& in) {
    pci::Identity identity;
    identity.vendor = in.number<std::uint16_t>();
    identity.device = in.number<std::uint16_t>();
    identity.subsystem_vendor = in.number<std::uint16_t>();
    identity.subsystem_device = in.number<std::uint16_t>();
    identity.class_code = in.number<std::uint32_t>();
    identity.revision = in.number<std::uint8_t>();
    identity.serial = take_optional<std::uint64_t>(in);
    if (identity.class_code > 0xffffff) {
        in.fail();
    }
    return identity;
}

void put_observation(ByteWriter& out, const Observation& seen) {
    pci::put_address(out, seen.port);
    out.boolean(seen.port_answers);
    put_optional_bool(out, seen.card_present);
    put_optional_bool(out, seen.link_active);
    put_optional(out, seen.slot_number);
    out.number(seen.link_width);
    out.number(seen.link_speed);
    out.number(seen.link_width_max);
    out.number(seen.link_speed_max);
    out.boolean(seen.presence_latched);
    out.boolean(seen.link_change_latched);
    out.boolean(seen.fenced);
    out.boolean(seen.hotplug_masked);
    out.boolean(seen.traits.hotplug);
    out.boolean(seen.traits.surprise);
    out.boolean(seen.traits.power_controller);
    out.number(seen.bound.bits());
    const std::size_t count = std::min(seen.functions.size(), kFunctionsSeenMax);
    out.number(static_cast<std::uint16_t>(count));
    for (const FunctionSeen& function : std::span(seen.functions).first(count)) {
        pci::put_address(out, function.address);
        put_identity(out, function.identity);
        out.text(std::string_view(function.driver).substr(0, kDriverBytesMax));
        out.boolean(function.memory_decodes);
        out.number(function.command);
        out.boolean(function.bars_intact);
        out.boolean(function.is_virtual);
        out.number(function.vfs);
        out.number(function.errors.correctable);
        out.number(function.errors.nonfatal);
        out.number(function.errors.fatal);
    }
}

Observation take_observation(ByteReader& in) {
    Observation seen;
    seen.port = pci::take_address(in);
    seen.port_answers = in.boolean();
    seen.card_present = take_optional_bool(in);
    seen.link_active = take_optional_bool(in);
    seen.slot_number = take_optional<std::uint16_t>(in);
    seen.link_width = in.number<std::uint8_t>();
    seen.link_speed = in.number<std::uint8_t>();
    seen.link_width_max = in.number<std::uint8_t>();
    seen.link_speed_max = in.number<std::uint8_t>();
    seen.presence_latched = in.boolean();
    seen.link_change_latched = in.boolean();
    seen.fenced = in.boolean();
    seen.hotplug_masked = in.boolean();
    seen.traits.hotplug = in.boolean();
    seen.traits.surprise = in.boolean();
    seen.traits.power_controller = in.boolean();
    const auto bound = in.number<std::uint8_t>();
    seen.bound = pci::ServiceSet::from_bits(bound);
    const auto count = in.number<std::uint16_t>();
    if (seen.bound.bits() != bound || count > kFunctionsSeenMax) {
        in.fail();
        return seen;
    }
    // The reader fails at the end of the datagram, so a false count costs no more than that.
    for (std::size_t index = 0; index < count && in.ok(); ++index) {
        FunctionSeen function;
        function.address = pci::take_address(in);
        function.identity = take_identity(in);
        function.driver = in.text(kDriverBytesMax);
        function.memory_decodes = in.boolean();
        function.command = in.number<std::uint16_t>();
        function.bars_intact = in.boolean();
        function.is_virtual = in.boolean();
        function.vfs = in.number<std::uint16_t>();
        function.errors.correctable = in.number<std::uint64_t>();
        function.errors.nonfatal = in.number<std::uint64_t>();
        function.errors.fatal = in.number<std::uint64_t>();
        seen.functions.push_back(std::move(function));
    }
    return seen;
}

void put_samples(ByteWriter& out, const std::vector<PortSample>& samples) {
    const std::size_t count = std::min(samples.size(), kSamplesMax);
    out.number(static_cast<std::uint16_t>(count));
    for (const PortSample& one : std::span(samples).first(count)) {
        pci::put_address(out, one.port);
        out.number(one.digest);
    }
}

std::vector<PortSample> take_samples(ByteReader& in) {
    std::vector<PortSample> samples;
    const auto count = in.number<std::uint16_t>();
    if (count > kSamplesMax) {
        in.fail();
    }
    for (std::size_t index = 0; index < count && in.ok(); ++index) {
        const pci::Address port = pci::take_address(in);
        samples.push_back({port, in.number<std::uint64_t>()});
    }
    return samples;
}

}  // namespace

Bytes encode(const OutcomeReport& report) {
    ByteWriter out(kReportBytesMax);
    out.number(kMagic);
    out.number(kVersion);
    out.number(std::to_underlying(report.outcome.kind));
    out.number(report.id);
    out.number(static_cast<std::uint16_t>(std::clamp(report.outcome.os_errno, 0, kErrnoMax)));
    out.text(std::string_view(report.outcome.context).substr(0, kContextBytesMax));
    out.boolean(report.outcome.observation.has_value());
    if (report.outcome.observation) {
        put_observation(out, *report.outcome.observation);
    }
    // An effect gives one of the three; more may not fit into a datagram.
    const bool has_usage = report.outcome.usage.has_value() && !report.outcome.observation;
    out.boolean(has_usage);
    if (has_usage) {
        put_usage(out, *report.outcome.usage);
    }
    const bool has_samples = !report.outcome.observation && !has_usage;
    put_samples(out, has_samples ? report.outcome.samples : std::vector<PortSample>{});
    return out.take();
}

Result<OutcomeReport> decode_outcome_report(std::span<const std::uint8_t> datagram) {
    ByteReader in(datagram);
    const auto magic = in.number<std::uint16_t>();
    const auto version = in.number<std::uint8_t>();
    const auto kind = in.number<std::uint8_t>();
    OutcomeReport report;
    report.id = in.number<std::uint64_t>();
    report.outcome.os_errno = in.number<std::uint16_t>();
    report.outcome.context = in.text(kContextBytesMax);
    if (in.boolean()) {
        report.outcome.observation = take_observation(in);
    }
    if (in.boolean()) {
        report.outcome.usage = take_usage(in);
    }
    report.outcome.samples = take_samples(in);
    const int given = (report.outcome.observation ? 1 : 0) + (report.outcome.usage ? 1 : 0) +
                      (report.outcome.samples.empty() ? 0 : 1);
    if (!in.finished() || given > 1 || magic != kMagic || version != kVersion || report.id == 0 ||
        kind > std::to_underlying(OutcomeKind::WorkerLost) || report.outcome.os_errno > kErrnoMax) {
        return failure(ErrorKind::Malformed, "read an outcome");
    }
    report.outcome.kind = static_cast<OutcomeKind>(kind);
    return report;
}

}  // namespace slotd::event
