// os::parse_config: TOML, its entries, and their check.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "os/config_file.hpp"
#include "policy/config_text.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

void fuzz_config(std::span<const std::uint8_t> bytes) {
    const std::string text(text_of(bytes));
    const os::LoadedConfig loaded = os::parse_config(text, "fuzz.toml");
    for (const std::string& mistake : loaded.mistakes) {
        require(is_printable(mistake), "a mistake is printable");
        require(mistake.starts_with("fuzz.toml:"), "a mistake says where it is");
    }
    // Whatever stands before it, what slotd does not know is not passed over.
    require(!os::parse_config(text + "\n[no-such-table]\n", "fuzz.toml").mistakes.empty(),
            "a mistake is reported whatever stands before it");
    if (!loaded.mistakes.empty()) {
        return;
    }
    const std::string written = policy::config_text(loaded.config, loaded.origins, loaded.files);
    require(has_printable_lines(written), "a configuration is printable");
    const os::LoadedConfig again = os::parse_config(written, "again.toml");
    require(again.mistakes.empty(), "what is written is right");
    require(again.config == loaded.config, "decode(encode(x)) is x");
    require(policy::config_changes(loaded.config, again.config).empty(), "the same is no change");
    for (const std::string& change : policy::config_changes({}, loaded.config)) {
        require(is_printable(change), "a change is printable");
    }
}

}  // namespace slotd::fuzz
