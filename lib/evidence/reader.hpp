#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/json.hpp"
#include "event/observation.hpp"
#include "event/usage.hpp"
#include "evidence/words.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/topology.hpp"

namespace slotd::evidence {

/// Inside this module only: reads fields of objects that may be anything, and remembers the first
/// that is not what it should be. A decoder may read to its end and ask once.
class Reader {
public:
    /// Empty where nothing was wrong.
    const std::string& wrong() const { return wrong_; }

    void complain(const std::string& name);

    pci::Address address(const nlohmann::json& object, const char* name);
    std::optional<pci::Address> optional_address(const nlohmann::json& object, const char* name);
    /// At most `most`.
    std::uint64_t number(const nlohmann::json& object, const char* name, std::uint64_t most);
    /// An object; an empty one where there is none.
    const nlohmann::json& object(const nlohmann::json& object, const char* name);
    /// The elements of an array, an empty one where there is none.
    const nlohmann::json& array(const nlohmann::json& object, const char* name);

    template <class Enum, std::size_t count>
    Enum word(const nlohmann::json& object, const char* name, const Words<Enum, count>& words) {
        const std::optional<Enum> value = words.from(text_at(object, name));
        if (!value) {
            complain(name);
        }
        return value.value_or(Enum{});
    }

    event::Observation observation(const nlohmann::json& object);
    event::Usage usage(const nlohmann::json& object);
    pci::Port port(const nlohmann::json& object);

private:
    pci::Identity identity(const nlohmann::json& object);
    event::FunctionSeen function_seen(const nlohmann::json& object);
    event::FunctionUse function_use(const nlohmann::json& object);

    std::string wrong_;
};

}  // namespace slotd::evidence
