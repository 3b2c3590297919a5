#include "control/idl.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace slotd::control {

namespace {

constexpr int kNestingMax = 8;

/// Cuts the text into words and punctuation. Recursive descent below it, one function per rule.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) { advance(); }

    Result<Idl> interface() {
        Idl idl;
        if (!accept("interface")) {
            return wrong("interface");
        }
        idl.name = take();
        while (!token_.empty()) {
            if (auto member_status = member(idl); !member_status) {
                return std::unexpected(std::move(member_status.error()));
            }
        }
        return idl;
    }

private:
    std::unexpected<Error> wrong(std::string_view expected) const {
        return failure(ErrorKind::Malformed, "parse interface: expected " + std::string(expected) +
                                                 " before \"" + std::string(token_) + "\"");
    }

    void skip_blanks_and_comments() {
        while (!text_.empty()) {
            if (text_.front() == '#') {
                text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
            } else if (std::isspace(static_cast<unsigned char>(text_.front())) != 0) {
                text_.remove_prefix(1);
            } else {
                return;
            }
        }
    }

    void advance() {
        skip_blanks_and_comments();
        if (text_.starts_with("->")) {
            token_ = text_.substr(0, 2);
        } else {
            std::size_t length = 0;
            while (length < text_.size() &&
                   (std::isalnum(static_cast<unsigned char>(text_[length])) != 0 ||
                    text_[length] == '_' || text_[length] == '.' || text_[length] == '-')) {
                ++length;
            }
            // Anything that is no word is punctuation of one character.
            token_ = text_.substr(0, std::max<std::size_t>(length, 1));
        }
        text_.remove_prefix(std::min(token_.size(), text_.size()));
    }

    std::string take() {
        std::string word(token_);
        advance();
        return word;
    }

    bool accept(std::string_view token) {
        if (token_ != token) {
            return false;
        }
        advance();
        return true;
    }

    Status member(Idl& idl) {
        const std::string what = take();
        std::string name = take();
        auto first = type(0);
        if (!first) {
            return std::unexpected(std::move(first.error()));
        }
        if (what == "type") {
            idl.types.emplace(std::move(name), std::move(*first));
            return {};
        }
        if (what == "error") {
            idl.errors.emplace(std::move(name), std::move(*first));
            return {};
        }
        if (what != "method" || !accept("->")) {
            return wrong("a type, method or error");
        }
        auto reply = type(0);
        if (!reply) {
            return std::unexpected(std::move(reply.error()));
        }
        idl.methods.emplace(std::move(name), IdlMethod{std::move(*first), std::move(*reply)});
        return {};
    }

    Result<IdlType> type(int depth) {
        if (depth > kNestingMax) {
            return wrong("less nesting");
        }
        if (accept("?")) {
            auto inner = type(depth + 1);
            if (inner) {
                inner->nullable = true;
            }
            return inner;
        }
        if (accept("[")) {
            return container(depth);
        }
        if (accept("(")) {
            return members(depth);
        }
        return named(take());
    }

    Result<IdlType> container(int depth) {
        IdlType whole;
        whole.kind = accept("string") ? IdlType::Kind::Map : IdlType::Kind::Array;
        if (!accept("]")) {
            return wrong("]");
        }
        auto inner = type(depth + 1);
        if (!inner) {
            return inner;
        }
        whole.element.push_back(std::move(*inner));
        return whole;
    }

    /// "(a: int, b: string)" is a struct, "(one, two)" an enum, "()" an empty struct.
    Result<IdlType> members(int depth) {
        IdlType whole;
        while (!accept(")")) {
            std::string name = take();
            if (accept(":")) {
                auto inner = type(depth + 1);
                if (!inner) {
                    return inner;
                }
                whole.fields.push_back({std::move(name), std::move(*inner)});
            } else {
                whole.kind = IdlType::Kind::Enum;
                whole.symbols.push_back(std::move(name));
            }
            if (!accept(",") && token_ != ")") {
                return wrong(", or )");
            }
        }
        return whole;
    }

    static Result<IdlType> named(std::string name) {
        using Kind = IdlType::Kind;
        static constexpr std::array<std::pair<std::string_view, Kind>, 5> kBuiltIn{{
            {"bool", Kind::Bool},
            {"int", Kind::Int},
            {"float", Kind::Float},
            {"string", Kind::String},
            {"object", Kind::Object},
        }};
        IdlType whole;
        for (const auto& [word, kind] : kBuiltIn) {
            if (name == word) {
                whole.kind = kind;
                return whole;
            }
        }
        whole.kind = Kind::Named;
        whole.name = std::move(name);
        return whole;
    }

    std::string_view text_;
    std::string_view token_;
};

}  // namespace

Result<Idl> Idl::parse(std::string_view text) {
    return Parser(text).interface();
}

}  // namespace slotd::control
