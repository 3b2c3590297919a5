#include "base/json.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace slotd {

namespace {

using nlohmann::json;

/// In ASCII and without control characters: whoever wrote the text, a terminal may get this.
std::string quoted_start_of(const std::string& name) {
    constexpr std::size_t kShown = 64;
    return json(name.substr(0, kShown)).dump(-1, ' ', true, json::error_handler_t::replace);
}

/// Reads through the text without building anything and says what is wrong with it. The library's
/// parser itself does not recurse, but what it builds is walked recursively later (dump, compare).
class Examiner : public nlohmann::json_sax<json> {
public:
    std::string problem;

    bool null() override { return true; }

    bool boolean(bool) override { return true; }

    bool number_integer(number_integer_t) override { return true; }

    bool number_unsigned(number_unsigned_t) override { return true; }

    bool number_float(number_float_t, const string_t&) override { return true; }

    bool string(string_t&) override { return true; }

    bool binary(binary_t&) override { return true; }

    bool start_object(std::size_t) override {
        keys_.emplace_back();
        return check_depth();
    }

    bool key(string_t& name) override {
        if (!keys_.back().insert(name).second) {
            problem = "key " + quoted_start_of(name) + " stands twice in one object";
            return false;
        }
        return true;
    }

    bool end_object() override {
        keys_.pop_back();
        return true;
    }

    bool start_array(std::size_t) override {
        ++arrays_;
        return check_depth();
    }

    bool end_array() override {
        --arrays_;
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
        problem = "not JSON at byte " + std::to_string(position);
        return false;
    }

private:
    bool check_depth() {
        if (keys_.size() + arrays_ > kJsonDepthMax) {
            problem = "nested deeper than " + std::to_string(kJsonDepthMax) + " levels";
            return false;
        }
        return true;
    }

    std::vector<std::set<std::string>> keys_;  // one for each object that is open
    std::size_t arrays_ = 0;
};

}  // namespace

Result<json> parse_json_object(std::string_view text) {
    Examiner examiner;
    if (!json::sax_parse(text, &examiner)) {
        return failure(ErrorKind::Malformed, examiner.problem);
    }
    json value = json::parse(text, nullptr, false);
    if (!value.is_object()) {
        return failure(ErrorKind::Malformed, "not a JSON object");
    }
    return value;
}

std::string json_text(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
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

}  // namespace slotd
