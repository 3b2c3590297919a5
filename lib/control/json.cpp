#include "control/json.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "control/idl.hpp"

namespace slotd::control {

namespace {

using nlohmann::json;

using Mismatch = std::optional<std::string>;

std::string below(std::string_view name, const std::string& inner) {
    return inner.empty() ? std::string(name) : std::string(name) + "." + inner;
}

/// The path is empty when the value itself is wrong.
Mismatch path_of_mismatch(const Idl& idl, const IdlType& type, const json& value,
                          UnknownFields unknown, std::size_t depth);

Mismatch struct_mismatch(const Idl& idl, const IdlType& type, const json& value,
                         UnknownFields unknown, std::size_t depth) {
    if (!value.is_object()) {
        return "";
    }
    for (const IdlField& field : type.fields) {
        const auto at = value.find(field.name);
        if (at == value.end()) {
            if (field.type.nullable) {
                continue;
            }
            return field.name;
        }
        if (const auto inner = path_of_mismatch(idl, field.type, *at, unknown, depth + 1)) {
            return below(field.name, *inner);
        }
    }
    if (unknown == UnknownFields::Refuse) {
        for (const auto& [key, ignored] : value.items()) {
            const auto same = [&](const IdlField& field) { return field.name == key; };
            if (std::ranges::none_of(type.fields, same)) {
                return key;
            }
        }
    }
    return std::nullopt;
}

Mismatch elements_mismatch(const Idl& idl, const IdlType& element, const json& value,
                           UnknownFields unknown, std::size_t depth) {
    for (const json& one : value) {
        if (const auto inner = path_of_mismatch(idl, element, one, unknown, depth + 1)) {
            return inner;
        }
    }
    return std::nullopt;
}

Mismatch wrong_unless(bool right) {
    return right ? Mismatch{} : Mismatch{""};
}

Mismatch path_of_mismatch(const Idl& idl, const IdlType& type, const json& value,
                          UnknownFields unknown, std::size_t depth) {
    using Kind = IdlType::Kind;
    if (value.is_null() && type.nullable) {
        return std::nullopt;
    }
    if (depth > kJsonDepthMax) {
        return "";
    }
    switch (type.kind) {
        case Kind::Bool:
            return wrong_unless(value.is_boolean());
        case Kind::Int:
            return wrong_unless(value.is_number_integer());
        case Kind::Float:
            return wrong_unless(value.is_number());
        case Kind::String:
            return wrong_unless(value.is_string());
        case Kind::Object:
            return wrong_unless(value.is_object());
        case Kind::Enum: {
            const auto* const word = value.get_ptr<const std::string*>();
            return wrong_unless(word != nullptr &&
                                std::ranges::find(type.symbols, *word) != type.symbols.end());
        }
        case Kind::Struct:
            return struct_mismatch(idl, type, value, unknown, depth);
        case Kind::Named: {
            const auto named = idl.types.find(type.name);
            return named == idl.types.end()
                       ? Mismatch{""}
                       : path_of_mismatch(idl, named->second, value, unknown, depth + 1);
        }
        case Kind::Array:
            return value.is_array()
                       ? elements_mismatch(idl, type.element.front(), value, unknown, depth)
                       : Mismatch{""};
        case Kind::Map:
            return value.is_object()
                       ? elements_mismatch(idl, type.element.front(), value, unknown, depth)
                       : Mismatch{""};
    }
    return "";
}

}  // namespace

std::optional<std::string> mismatch(const Idl& idl, const IdlType& type, const json& value,
                                    UnknownFields unknown) {
    auto path = path_of_mismatch(idl, type, value, unknown, 0);
    if (path && path->empty()) {
        return "parameters";
    }
    return path;
}

}  // namespace slotd::control
