#include "evidence/reader.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/parse.hpp"
#include "event/observation.hpp"
#include "event/usage.hpp"
#include "evidence/words.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

using nlohmann::json;

namespace {

template <class T>
constexpr std::uint64_t kMost = std::numeric_limits<T>::max();

std::optional<bool> optional_flag(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_boolean() ? std::optional(at->get<bool>()) : std::nullopt;
}

std::string element(const json& array, std::size_t index) {
    return array.is_array() && index < array.size() && array[index].is_string()
               ? array[index].get<std::string>()
               : std::string{};
}

}  // namespace

void Reader::complain(const std::string& name) {
    if (wrong_.empty()) {
        wrong_ = name;
    }
}

std::optional<pci::Address> Reader::optional_address(const json& object, const char* name) {
    return object.contains(name) ? std::optional(address(object, name)) : std::nullopt;
}

pci::Address Reader::address(const json& object, const char* name) {
    const auto parsed = pci::Address::parse(text_at(object, name));
    if (!parsed) {
        complain(name);
    }
    return parsed.value_or(pci::Address{});
}

std::uint64_t Reader::number(const json& object, const char* name, std::uint64_t most) {
    const std::uint64_t value = number_at(object, name);
    if (value > most) {
        complain(name);
        return 0;
    }
    return value;
}

const json& Reader::object(const json& object, const char* name) {
    static const json kEmpty = json::object();
    const auto at = object.find(name);
    if (at != object.end() && at->is_object()) {
        return *at;
    }
    complain(name);
    return kEmpty;
}

const json& Reader::array(const json& object, const char* name) {
    static const json kEmpty = json::array();
    const auto at = object.find(name);
    return at != object.end() && at->is_array() ? *at : kEmpty;
}

pci::Identity Reader::identity(const json& object) {
    const std::string text = text_at(object, "id");
    std::string_view rest = text;
    std::array<std::uint32_t, 6> numbers{};
    constexpr std::array<std::uint32_t, 6> most{0xffff, 0xffff, 0xffff, 0xffff, 0xffffff, 0xff};
    for (std::size_t index = 0; index < numbers.size(); ++index) {
        const auto parsed = parse_unsigned<std::uint32_t>(next_field(rest, ':'), 16);
        if (!parsed || *parsed > most[index]) {
            complain("id");
            return {};
        }
        numbers[index] = *parsed;
    }
    pci::Identity id{static_cast<std::uint16_t>(numbers[0]),
                     static_cast<std::uint16_t>(numbers[1]),
                     static_cast<std::uint16_t>(numbers[2]),
                     static_cast<std::uint16_t>(numbers[3]),
                     numbers[4],
                     static_cast<std::uint8_t>(numbers[5]),
                     std::nullopt};
    if (object.contains("serial")) {
        id.serial = parse_unsigned<std::uint64_t>(text_at(object, "serial"), 16);
        if (!id.serial) {
            complain("serial");
        }
    }
    return id;
}

event::FunctionSeen Reader::function_seen(const json& object) {
    event::FunctionSeen function;
    function.address = address(object, "at");
    function.identity = identity(object);
    function.driver = text_at(object, "driver");
    function.memory_decodes = flag_at(object, "decodes");
    function.command = static_cast<std::uint16_t>(number(object, "command", kMost<std::uint16_t>));
    function.bars_intact = flag_at(object, "bars");
    function.is_virtual = flag_at(object, "vf");
    function.vfs = static_cast<std::uint16_t>(number(object, "vfs", kMost<std::uint16_t>));
    const json& errors = array(object, "errors");
    std::array<std::uint64_t*, 3> counts{&function.errors.correctable, &function.errors.nonfatal,
                                         &function.errors.fatal};
    for (std::size_t index = 0; index < counts.size() && index < errors.size(); ++index) {
        if (errors[index].is_number_unsigned()) {
            *counts[index] = errors[index].get<std::uint64_t>();
        }
    }
    return function;
}

event::Observation Reader::observation(const json& object) {
    event::Observation seen;
    seen.port = address(object, "port");
    seen.port_answers = flag_at(object, "answers");
    seen.card_present = optional_flag(object, "present");
    seen.link_active = optional_flag(object, "link");
    if (object.contains("slot")) {
        seen.slot_number = static_cast<std::uint16_t>(number(object, "slot", 0x1fff));
    }
    seen.link_width = static_cast<std::uint8_t>(number(object, "width", kMost<std::uint8_t>));
    seen.link_speed = static_cast<std::uint8_t>(number(object, "speed", kMost<std::uint8_t>));
    seen.presence_latched = flag_at(object, "presence_latched");
    seen.link_change_latched = flag_at(object, "link_latched");
    seen.fenced = flag_at(object, "fenced");
    seen.hotplug_masked = flag_at(object, "masked");
    seen.bound =
        pci::ServiceSet::from_bits(static_cast<std::uint8_t>(number(object, "bound", 0x1f)));
    for (const json& one : array(object, "functions")) {
        seen.functions.push_back(function_seen(one));
    }
    return seen;
}

event::FunctionUse Reader::function_use(const json& object) {
    event::FunctionUse function;
    function.address = address(object, "at");
    function.driver = text_at(object, "driver");
    for (const json& one : array(object, "blocks")) {
        event::BlockUse block{
            text_at(one, "name"),
            static_cast<std::uint32_t>(number(one, "in_flight", kMost<std::uint32_t>)),
            texts_at(one, "holders"),
            {},
            texts_at(one, "swaps")};
        for (const json& mount : array(one, "mounts")) {
            block.mounts.push_back({element(mount, 0), element(mount, 1)});
        }
        function.blocks.push_back(std::move(block));
    }
    for (const json& one : array(object, "networks")) {
        function.networks.push_back({text_at(one, "name"), flag_at(one, "up"),
                                     flag_at(one, "carrier"), flag_at(one, "default_route"),
                                     text_at(one, "member_of")});
    }
    for (const json& one : array(object, "vfs")) {
        const auto at = pci::Address::parse(element(one, 0));
        if (!at) {
            complain("vfs");
            break;
        }
        function.vfs.push_back({*at, element(one, 1)});
    }
    if (object.contains("vfio_group")) {
        function.vfio_group =
            static_cast<std::uint32_t>(number(object, "vfio_group", kMost<std::uint32_t>));
    }
    function.vfio_open = flag_at(object, "vfio_open");
    return function;
}

event::Usage Reader::usage(const json& object) {
    event::Usage usage;
    usage.port = address(object, "port");
    for (const json& one : array(object, "functions")) {
        usage.functions.push_back(function_use(one));
    }
    for (const json& one : array(object, "processes")) {
        usage.processes.push_back(
            {static_cast<std::int32_t>(number(one, "pid", kMost<std::int32_t>)),
             text_at(one, "command"), text_at(one, "unit"), text_at(one, "node"),
             address(one, "function")});
    }
    usage.unreadable = texts_at(object, "unreadable");
    std::uint64_t left_out = 0;
    for (const char* const name :
         {"not_listed", "functions_left_out", "processes_left_out", "unreadable_left_out"}) {
        left_out += number(object, name, kMost<std::uint32_t> / 4);
    }
    usage.left_out = static_cast<std::uint32_t>(left_out);
    return usage;
}

pci::Port Reader::port(const json& object) {
    pci::Port port;
    port.address = address(object, "port");
    port.kind = word(object, "kind", kPortKinds);
    port.parent = optional_address(object, "parent");
    port.root_port = address(object, "root_port");
    const json& buses = array(object, "buses");
    if (buses.size() == 2 && buses[0].is_number_unsigned() && buses[1].is_number_unsigned() &&
        buses[0].get<std::uint64_t>() <= 0xff && buses[1].get<std::uint64_t>() <= 0xff) {
        port.secondary_bus = buses[0].get<std::uint8_t>();
        port.subordinate_bus = buses[1].get<std::uint8_t>();
    } else {
        complain("buses");
    }
    port.slot_name = text_at(object, "slot");
    port.services =
        pci::ServiceSet::from_bits(static_cast<std::uint8_t>(number(object, "services", 0x1f)));
    port.bound =
        pci::ServiceSet::from_bits(static_cast<std::uint8_t>(number(object, "bound", 0x1f)));
    std::vector<pci::Function> functions;
    for (const json& one : array(object, "functions")) {
        functions.push_back({address(one, "at"), text_at(one, "driver"), identity(one),
                             flag_at(one, "bridge"), flag_at(one, "vf")});
    }
    port.functions = std::move(functions);
    return port;
}

}  // namespace slotd::evidence
