// docs/json.md ends with what each verb prints, field by field, printed from the interface.
// To accept a change: SLOTD_WRITE_DOCS=1 build/<preset>/bin/unit_control --gtest_filter='JsonDoc*'

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "control/idl.hpp"
#include "control/interface.hpp"
#include "tests/fakes/printed_document.hpp"

namespace slotd::control {
namespace {

constexpr std::string_view kMark = "<!-- printed by tests/unit/control/json_doc_test.cpp -->";

struct Verb {
    const char* name;
    const char* method;
};

/// In the order of `slotctl --help`. Those of programs that ask nothing of slotd are described
/// above the mark.
constexpr std::array kVerbs{
    Verb{"list", "List"},       Verb{"show", "Show"},        Verb{"plan", "Plan"},
    Verb{"reset", "Reset"},     Verb{"hold", "Hold"},        Verb{"release", "Release"},
    Verb{"reload", "Reload"},   Verb{"config", "GetConfig"}, Verb{"history", "History"},
    Verb{"watch", "Subscribe"}, Verb{"check", "List"},       Verb{"metrics", "Metrics"},
    Verb{"version", "Version"},
};

/// Asked by a verb that prints something else, described above the mark.
constexpr std::string_view kDigested = "Doctor";

const Idl& interface() {
    return *interface_named(kCoordinatorInterface);
}

std::string word_of(const IdlType& type) {
    switch (type.kind) {
        case IdlType::Kind::Bool:
            return "true or false";
        case IdlType::Kind::Int:
            return "whole number";
        case IdlType::Kind::Float:
            return "number";
        case IdlType::Kind::String:
            return "text";
        case IdlType::Kind::Enum: {
            std::string words;
            for (const std::string& symbol : type.symbols) {
                words += (words.empty() ? "`" : ", `") + symbol + "`";
            }
            return words;
        }
        case IdlType::Kind::Array:
            return "array";
        case IdlType::Kind::Map:
        case IdlType::Kind::Object:
        case IdlType::Kind::Named:
        case IdlType::Kind::Struct:
            return "object";
    }
    return {};
}

/// One row for the field, and one for each field within.
void print(std::ostream& out, const std::string& path, const IdlType& type) {
    out << "| `" << path << "` | " << word_of(type) << (type.nullable ? ", may be null" : "")
        << " |\n";
    const IdlType* inner = &type;
    std::string below = path;
    while (inner->kind == IdlType::Kind::Array) {
        inner = &inner->element.front();
        below += "[]";
    }
    if (inner->kind == IdlType::Kind::Named) {
        inner = &interface().types.at(inner->name);
    }
    if (inner->kind == IdlType::Kind::Struct) {
        for (const IdlField& field : inner->fields) {
            print(out, below + "." + field.name, field.type);
        }
    } else if (inner != &type) {
        out << "| `" << below << "` | " << word_of(*inner) << " |\n";
    }
}

std::string printed() {
    std::ostringstream out;
    out << kMark << "\n";
    std::set<std::string> done;
    for (const Verb& verb : kVerbs) {
        out << "\n## " << verb.name << "\n\n";
        if (!done.insert(verb.method).second) {
            out << "As the verb above that prints `" << verb.method << "`.\n";
            continue;
        }
        out << "The reply of `" << verb.method << "`, see [control.md](control.md#the-interface).\n"
            << "\n| field | |\n|---|---|\n";
        for (const IdlField& field : interface().methods.at(verb.method).reply.fields) {
            print(out, field.name, field.type);
        }
    }
    return out.str();
}

TEST(JsonDoc, HasEveryFieldThatEveryVerbPrints) {
    const fakes::PrintedDocument page =
        fakes::printed_document(std::string(SLOTD_SOURCE_DIR) + "/docs/json.md", kMark, printed());

    EXPECT_EQ(page.says, page.wanted) << "run this test once with SLOTD_WRITE_DOCS=1";
}

TEST(JsonDoc, HasEveryMethodOfTheInterface) {
    std::set<std::string> asked{std::string(kDigested)};
    for (const Verb& verb : kVerbs) {
        asked.insert(verb.method);
    }
    for (const auto& [method, described] : interface().methods) {
        EXPECT_TRUE(asked.contains(method)) << method << ": which verb prints its reply?";
    }
}

}  // namespace
}  // namespace slotd::control
