#include "control/plan_json.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/result.hpp"
#include "control/json_fields.hpp"
#include "control/plan_reply.hpp"
#include "event/usage.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

/// An array of `items`, each as `of` has it.
template <class T, class Of>
json array_of(const std::vector<T>& items, Of of) {
    json array = json::array();
    for (const T& item : items) {
        array.push_back(of(item));
    }
    return array;
}

json of_block(const event::BlockUse& block) {
    return {{"name", block.name},
            {"in_flight", block.in_flight},
            {"holders", block.holders},
            {"mounts", array_of(block.mounts,
                                [](const event::MountSeen& mount) -> json {
                                    return {{"device", mount.device}, {"point", mount.point}};
                                })},
            {"swaps", block.swaps}};
}

json of_network(const event::NetworkUse& network) {
    return {{"name", network.name},
            {"up", network.up},
            {"carrier", network.carrier},
            {"default_route", network.default_route},
            {"member_of", network.member_of}};
}

json of_vf(const event::VfSeen& vf) {
    return {{"address", vf.address.to_string()}, {"driver", vf.driver}};
}

json of_function_use(const event::FunctionUse& function) {
    return {{"address", function.address.to_string()},
            {"driver", function.driver},
            {"blocks", array_of(function.blocks, of_block)},
            {"networks", array_of(function.networks, of_network)},
            {"vfs", array_of(function.vfs, of_vf)},
            {"vfio_group", function.vfio_group ? json(*function.vfio_group) : json(nullptr)},
            {"vfio_open", function.vfio_open}};
}

json of_process(const event::ProcessUse& process) {
    return {{"pid", process.pid},
            {"command", process.command},
            {"unit", process.unit},
            {"node", process.node},
            {"function", process.function.to_string()}};
}

json of_usage(const event::Usage& usage) {
    return {{"port", usage.port.to_string()},
            {"functions", array_of(usage.functions, of_function_use)},
            {"processes", array_of(usage.processes, of_process)},
            {"left_out", usage.left_out},
            {"unreadable", usage.unreadable}};
}

json of_use(const policy::Use& use) {
    return {{"kind", policy::to_text(use.kind)},
            {"function", use.function.to_string()},
            {"text", use.text}};
}

/// Reads a reply, and remembers the first field that is not what it should be.
class Reader {
public:
    pci::Address address(const json& object, const char* name) {
        const auto address = pci::Address::parse(text_at(object, name));
        if (!address && wrong_ == nullptr) {
            wrong_ = name;
        }
        return address.value_or(pci::Address{});
    }

    event::BlockUse block(const json& object) const {
        event::BlockUse block{text_at(object, "name"),
                              count_at(object, "in_flight"),
                              texts_at(object, "holders"),
                              {},
                              texts_at(object, "swaps")};
        for (const json& mount : object.at("mounts")) {
            block.mounts.push_back({text_at(mount, "device"), text_at(mount, "point")});
        }
        return block;
    }

    event::FunctionUse function(const json& object) {
        event::FunctionUse function;
        function.address = address(object, "address");
        function.driver = text_at(object, "driver");
        for (const json& one : object.at("blocks")) {
            function.blocks.push_back(block(one));
        }
        for (const json& one : object.at("networks")) {
            function.networks.push_back({text_at(one, "name"), flag_at(one, "up"),
                                         flag_at(one, "carrier"), flag_at(one, "default_route"),
                                         text_at(one, "member_of")});
        }
        for (const json& one : object.at("vfs")) {
            function.vfs.push_back({address(one, "address"), text_at(one, "driver")});
        }
        if (const auto group = object.find("vfio_group");
            group != object.end() && group->is_number_unsigned()) {
            function.vfio_group = count_at(object, "vfio_group");
        }
        function.vfio_open = flag_at(object, "vfio_open");
        return function;
    }

    event::Usage usage(const json& object) {
        event::Usage usage;
        usage.port = address(object, "port");
        for (const json& one : object.at("functions")) {
            usage.functions.push_back(function(one));
        }
        for (const json& one : object.at("processes")) {
            usage.processes.push_back({static_cast<std::int32_t>(count_at(one, "pid")),
                                       text_at(one, "command"), text_at(one, "unit"),
                                       text_at(one, "node"), address(one, "function")});
        }
        usage.left_out = count_at(object, "left_out");
        usage.unreadable = texts_at(object, "unreadable");
        return usage;
    }

    const char* wrong() const { return wrong_; }

private:
    static std::uint32_t count_at(const json& object, const char* name) {
        return static_cast<std::uint32_t>(number_at(object, name));
    }

    const char* wrong_ = nullptr;
};

}  // namespace

json of_plan(const PlanReply& plan) {
    json parameters{{"port", plan.port.to_string()},
                    {"steps", plan.steps},
                    {"in_use", array_of(plan.in_use, of_use)},
                    {"would_refuse", plan.would_refuse},
                    {"would_refuse_forced", plan.would_refuse_forced},
                    {"text", plan.text}};
    if (plan.function) {
        parameters["function"] = plan.function->to_string();
    }
    if (plan.usage) {
        parameters["usage"] = of_usage(*plan.usage);
    }
    return parameters;
}

Result<PlanReply> plan_from(const json& object) {
    Reader reader;
    PlanReply plan;
    plan.port = reader.address(object, "port");
    plan.function = pci::Address::parse(text_at(object, "function"));
    plan.steps = texts_at(object, "steps");
    if (const auto usage = object.find("usage"); usage != object.end() && usage->is_object()) {
        plan.usage = reader.usage(*usage);
    }
    for (const json& one : object.at("in_use")) {
        // A kind that this build does not know is still a use.
        const auto kind = policy::use_kind_from_text(text_at(one, "kind"));
        plan.in_use.push_back({kind.value_or(policy::UseKind::Unknown),
                               reader.address(one, "function"), text_at(one, "text")});
    }
    plan.would_refuse = flag_at(object, "would_refuse");
    plan.would_refuse_forced = flag_at(object, "would_refuse_forced");
    plan.text = text_at(object, "text");
    if (reader.wrong() != nullptr) {
        return wrong_field(reader.wrong());
    }
    return plan;
}

}  // namespace slotd::control
