#include "evidence/encode_parts.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

#include "event/observation.hpp"
#include "event/usage.hpp"
#include "evidence/json_line.hpp"
#include "evidence/words.hpp"
#include "pci/identity.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

namespace {

void put_optional(JsonLine& line, const char* name, const std::optional<bool>& value) {
    line.key(name);
    if (value) {
        line.flag(*value);
    } else {
        line.null();
    }
}

void put(JsonLine& line, const pci::Identity& id) {
    std::array<char, 48> text{};
    const auto end = fmt::format_to_n(
        text.data(), text.size(), "{:04x}:{:04x}:{:04x}:{:04x}:{:06x}:{:02x}", id.vendor, id.device,
        id.subsystem_vendor, id.subsystem_device, id.class_code, id.revision);
    line.text_of("id", std::string_view(text.data(), end.size));
    if (id.serial) {
        const auto serial = fmt::format_to_n(text.data(), text.size(), "{:016x}", *id.serial);
        line.text_of("serial", std::string_view(text.data(), serial.size));
    }
}

void put(JsonLine& line, const event::FunctionSeen& function) {
    line.open('{');
    line.key("at");
    line.address(function.address);
    put(line, function.identity);
    line.text_of("driver", function.driver);
    line.key("decodes");
    line.flag(function.memory_decodes);
    line.key("command");
    line.number(function.command);
    line.key("bars");
    line.flag(function.bars_intact);
    line.key("vf");
    line.flag(function.is_virtual);
    line.key("vfs");
    line.number(function.vfs);
    line.key("errors");
    line.open('[');
    line.number(function.errors.correctable);
    line.number(function.errors.nonfatal);
    line.number(function.errors.fatal);
    line.close(']');
    line.close('}');
}

void put(JsonLine& line, const pci::Function& function) {
    line.open('{');
    line.key("at");
    line.address(function.address);
    put(line, function.identity);
    line.text_of("driver", function.driver);
    line.key("bridge");
    line.flag(function.is_bridge);
    line.key("vf");
    line.flag(function.is_virtual);
    line.close('}');
}

template <class Texts>
void put_texts(JsonLine& line, const char* name, const Texts& texts) {
    line.key(name);
    line.open('[');
    for (const auto& text : texts) {
        line.text(text);
    }
    line.close(']');
}

void put(JsonLine& line, const event::BlockUse& block) {
    line.open('{');
    line.text_of("name", block.name);
    line.key("in_flight");
    line.number(block.in_flight);
    put_texts(line, "holders", block.holders);
    line.key("mounts");
    line.open('[');
    for (const event::MountSeen& mount : block.mounts) {
        line.open('[');
        line.text(mount.device);
        line.text(mount.point);
        line.close(']');
    }
    line.close(']');
    put_texts(line, "swaps", block.swaps);
    line.close('}');
}

void put(JsonLine& line, const event::NetworkUse& network) {
    line.open('{');
    line.text_of("name", network.name);
    line.key("up");
    line.flag(network.up);
    line.key("carrier");
    line.flag(network.carrier);
    line.key("default_route");
    line.flag(network.default_route);
    line.text_of("member_of", network.member_of);
    line.close('}');
}

void put(JsonLine& line, const event::FunctionUse& function) {
    line.open('{');
    line.key("at");
    line.address(function.address);
    line.text_of("driver", function.driver);
    line.key("blocks");
    line.open('[');
    for (const event::BlockUse& block : function.blocks) {
        put(line, block);
    }
    line.close(']');
    line.key("networks");
    line.open('[');
    for (const event::NetworkUse& network : function.networks) {
        put(line, network);
    }
    line.close(']');
    line.key("vfs");
    line.open('[');
    for (const event::VfSeen& vf : function.vfs) {
        line.open('[');
        line.address(vf.address);
        line.text(vf.driver);
        line.close(']');
    }
    line.close(']');
    if (function.vfio_group) {
        line.key("vfio_group");
        line.number(*function.vfio_group);
    }
    line.key("vfio_open");
    line.flag(function.vfio_open);
    line.close('}');
}

void put(JsonLine& line, const event::ProcessUse& process) {
    line.open('{');
    line.key("pid");
    line.number(static_cast<std::uint32_t>(process.pid));
    line.text_of("command", process.command);
    line.text_of("unit", process.unit);
    line.text_of("node", process.node);
    line.key("function");
    line.address(process.function);
    line.close('}');
}

}  // namespace

void put(JsonLine& line, const event::Observation& seen) {
    line.open('{');
    line.key("port");
    line.address(seen.port);
    line.key("answers");
    line.flag(seen.port_answers);
    put_optional(line, "present", seen.card_present);
    put_optional(line, "link", seen.link_active);
    if (seen.slot_number) {
        line.key("slot");
        line.number(*seen.slot_number);
    }
    line.key("width");
    line.number(seen.link_width);
    line.key("speed");
    line.number(seen.link_speed);
    line.key("presence_latched");
    line.flag(seen.presence_latched);
    line.key("link_latched");
    line.flag(seen.link_change_latched);
    line.key("fenced");
    line.flag(seen.fenced);
    line.key("masked");
    line.flag(seen.hotplug_masked);
    line.key("bound");
    line.number(seen.bound.bits());
    put_fitting(line, "functions", seen.functions,
                [&](const event::FunctionSeen& one) { put(line, one); });
    line.close('}');
}

void put(JsonLine& line, const event::Usage& usage) {
    line.open('{');
    line.key("port");
    line.address(usage.port);
    put_fitting(line, "functions", usage.functions,
                [&](const event::FunctionUse& one) { put(line, one); });
    put_fitting(line, "processes", usage.processes,
                [&](const event::ProcessUse& one) { put(line, one); });
    put_fitting(line, "unreadable", usage.unreadable, [&](const auto& one) { line.text(one); });
    line.key("not_listed");
    line.number(usage.left_out);
    line.close('}');
}

void put(JsonLine& line, const pci::Port& port) {
    line.open('{');
    line.key("port");
    line.address(port.address);
    line.text_of("kind", kPortKinds.of(port.kind));
    if (port.parent) {
        line.key("parent");
        line.address(*port.parent);
    }
    line.key("root_port");
    line.address(port.root_port);
    line.key("buses");
    line.open('[');
    line.number(port.secondary_bus);
    line.number(port.subordinate_bus);
    line.close(']');
    line.text_of("slot", port.slot_name);
    line.key("services");
    line.number(port.services.bits());
    line.key("bound");
    line.number(port.bound.bits());
    put_fitting(line, "functions", port.functions,
                [&](const pci::Function& one) { put(line, one); });
    line.close('}');
}

}  // namespace slotd::evidence
