#include "control/json_fields.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "control/idl.hpp"
#include "control/interface.hpp"
#include "control/json.hpp"

namespace slotd::control {

using nlohmann::json;

Result<json> checked_reply(std::string_view parameters, std::string_view method) {
    auto value = parse_json_object(parameters);
    if (!value) {
        return value;
    }
    const Idl& idl = *interface_named(kCoordinatorInterface);
    const IdlType& type = idl.methods.find(method)->second.reply;
    if (const auto wrong = mismatch(idl, type, *value, UnknownFields::Ignore)) {
        return failure(ErrorKind::Malformed, "read slotd's reply: field " + *wrong);
    }
    return value;
}

std::unexpected<Error> wrong_field(const char* name) {
    return failure(ErrorKind::Malformed, std::string("read slotd's reply: field ") + name);
}

std::string text_at(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

std::uint64_t number_at(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

bool flag_at(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_boolean() && at->get<bool>();
}

std::vector<std::string> texts_at(const json& object, const char* name) {
    std::vector<std::string> texts;
    const auto at = object.find(name);
    if (at != object.end() && at->is_array()) {
        for (const json& one : *at) {
            if (one.is_string()) {
                texts.push_back(one.get<std::string>());
            }
        }
    }
    return texts;
}

}  // namespace slotd::control
