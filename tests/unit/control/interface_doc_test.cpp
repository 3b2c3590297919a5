// docs/control.md ends with the interface, printed from the text that slotd itself goes by.
// To accept a change: SLOTD_WRITE_DOCS=1 build/<preset>/bin/unit_control
// --gtest_filter='InterfaceDoc*'

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "control/access.hpp"
#include "control/framing.hpp"
#include "control/idl.hpp"
#include "control/interface.hpp"
#include "control/message.hpp"
#include "tests/fakes/printed_document.hpp"

namespace slotd::control {
namespace {

constexpr std::string_view kMark = "<!-- printed by tests/unit/control/interface_doc_test.cpp -->";

/// One declaration of the interface text, with the comment above it.
struct Declaration {
    std::string keyword;  ///< "method", "type", "error"
    std::string name;
    std::vector<std::string> comment;  ///< its lines without the #
    std::string text;
};

std::vector<Declaration> declarations() {
    std::vector<Declaration> all;
    std::istringstream text{std::string(interface_text(kCoordinatorInterface))};
    std::vector<std::string> comment;
    std::string line;
    while (std::getline(text, line)) {
        if (line.starts_with('#')) {
            comment.push_back(line.substr(line.starts_with("# ") ? 2 : 1));
        } else if (line.empty()) {
            comment.clear();
        } else if (line.starts_with(' ') || line.starts_with(')')) {
            all.back().text += line + "\n";
        } else {
            std::istringstream words(line);
            Declaration declared{{}, {}, comment, line + "\n"};
            words >> declared.keyword;
            std::getline(words >> std::ws, declared.name, '(');
            declared.name = declared.name.substr(0, declared.name.find(' '));
            all.push_back(declared);
            comment.clear();
        }
    }
    return all;
}

/// A value that a parameter of this type takes.
nlohmann::json example_of(const IdlType& type) {
    switch (type.kind) {
        case IdlType::Kind::Bool:
            return false;
        case IdlType::Kind::Int:
            return 1;
        case IdlType::Kind::Float:
            return 1.0;
        case IdlType::Kind::String:
            return "0000:00:02.0";
        case IdlType::Kind::Enum:
            return type.symbols.front();
        case IdlType::Kind::Array:
            return nlohmann::json::array();
        case IdlType::Kind::Object:
        case IdlType::Kind::Named:
        case IdlType::Kind::Struct:
        case IdlType::Kind::Map:
            break;
    }
    return nlohmann::json::object();
}

std::optional<Role> role_for(const std::string& method, const nlohmann::json& parameters) {
    const nlohmann::json call{{"method", std::string(kCoordinatorInterface) + "." + method},
                              {"parameters", parameters}};
    const Incoming incoming = decode_call(call.dump());
    return incoming.method ? std::optional(role_needed(*incoming.method)) : std::nullopt;
}

std::string to_text(Role role) {
    switch (role) {
        case Role::Stranger:
            return "everybody";
        case Role::Reader:
            return "root, `slotd-admin`, `slotd`";
        case Role::Operator:
            return "root, `slotd-admin`";
    }
    return {};
}

std::string who_may(const std::string& method) {
    const IdlType& wanted = interface_named(kCoordinatorInterface)->methods.at(method).parameters;
    nlohmann::json parameters = nlohmann::json::object();
    for (const IdlField& field : wanted.fields) {
        if (!field.type.nullable) {
            parameters[field.name] = example_of(field.type);
        }
    }
    const std::optional<Role> role = role_for(method, parameters);
    EXPECT_TRUE(role.has_value()) << method << " does not take " << parameters.dump();
    std::string said = role ? to_text(*role) : "";
    for (const IdlField& field : wanted.fields) {
        nlohmann::json with = parameters;
        with[field.name] = true;
        const std::optional<Role> other = role_for(method, with);
        if (field.type.kind == IdlType::Kind::Bool && other && other != role) {
            said += "; with `" + field.name + "` " + to_text(*other);
        }
    }
    return said;
}

/// Lines that are indented more than the prose are a table: kept as they are.
std::string paragraphs(const std::vector<std::string>& comment) {
    std::string text;
    bool in_table = false;
    for (const std::string& line : comment) {
        const bool table = line.starts_with("  ");
        text += table != in_table && !text.empty() ? "\n" : "";
        text += (table ? "    " : "") + line + "\n";
        in_table = table;
    }
    return comment.empty() ? "" : text + "\n";
}

std::string printed() {
    const std::vector<Declaration> all = declarations();
    std::ostringstream out;
    out << kMark << "\n\n## The interface\n\n"
        << "`" << kCoordinatorInterface << "`, as `varlinkctl introspect` prints it.\n";
    for (const Declaration& one : all) {
        if (one.keyword == "interface") {
            out << "\n" << paragraphs(one.comment);
        }
    }
    out << "### Methods\n\n| method | who may call it |\n|---|---|\n";
    for (const Declaration& one : all) {
        if (one.keyword == "method") {
            out << "| `" << one.name << "` | " << who_may(one.name) << " |\n";
        }
    }
    const std::map<std::string, std::string> headings{{"type", "\n### Types\n"},
                                                      {"error", "\n### Errors\n"}};
    for (const std::string keyword : {"method", "type", "error"}) {
        if (headings.contains(keyword)) {
            out << headings.at(keyword);
        }
        for (const Declaration& one : all) {
            if (one.keyword == keyword) {
                out << "\n#### " << one.name << "\n\n"
                    << paragraphs(one.comment) << "```varlink\n"
                    << one.text << "```\n";
            }
        }
    }
    return out.str();
}

TEST(InterfaceDoc, IsWhatTheInterfaceSays) {
    const fakes::PrintedDocument page = fakes::printed_document(
        std::string(SLOTD_SOURCE_DIR) + "/docs/control.md", kMark, printed());

    EXPECT_EQ(page.says, page.wanted) << "run this test once with SLOTD_WRITE_DOCS=1";
}

TEST(InterfaceDoc, HasEveryDeclarationOfTheInterface) {
    const Idl& idl = *interface_named(kCoordinatorInterface);
    std::map<std::string, std::size_t> found;
    for (const Declaration& one : declarations()) {
        found[one.keyword] += 1;
    }

    const std::map<std::string, std::size_t> wanted{{"interface", 1},
                                                    {"type", idl.types.size()},
                                                    {"method", idl.methods.size()},
                                                    {"error", idl.errors.size()}};
    EXPECT_EQ(found, wanted);
}

}  // namespace
}  // namespace slotd::control
