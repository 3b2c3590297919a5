#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slotd::control {

struct IdlField;

/// A type of the Varlink interface definition language (varlink.org/Interface-Definition).
struct IdlType {
    enum class Kind : std::uint8_t {
        Bool,
        Int,
        Float,
        String,
        Object,
        Named,
        Struct,
        Enum,
        Array,
        Map
    };

    Kind kind = Kind::Struct;
    bool nullable = false;             ///< ?type: null or absent is fine
    std::string name;                  ///< of Named
    std::vector<IdlField> fields;      ///< of Struct
    std::vector<std::string> symbols;  ///< of Enum
    std::vector<IdlType> element;      ///< exactly one, of Array and Map
};

struct IdlField {
    std::string name;
    IdlType type;
};

struct IdlMethod {
    IdlType parameters;
    IdlType reply;
};

/// One interface, parsed from its text. The texts are our own constants, so there is no fuss about
/// wrong ones: the first mistake ends it. Nesting is bounded all the same.
struct Idl {
    std::string name;
    std::map<std::string, IdlType, std::less<>> types;
    std::map<std::string, IdlMethod, std::less<>> methods;
    std::map<std::string, IdlType, std::less<>> errors;

    static Result<Idl> parse(std::string_view text);
};

}  // namespace slotd::control
