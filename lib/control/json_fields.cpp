#include "control/json_fields.hpp"

#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
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

}  // namespace slotd::control
