// os::ConfigSpace over a sysfs `config` of any bytes and any length: what libpci makes of it, and
// the identity that follows.
#include "os/config_space.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

void fuzz_config_space(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kConfigBytes = 4096;
    constexpr std::size_t kHeaderBytes = 64;
    static const fakes::TempDir sysfs;
    const std::string_view config = text_of(bytes).substr(0, kConfigBytes);
    sysfs.write("bus/pci/devices/0000:01:00.0/config", config);
    const os::ConfigSpace space(sysfs.path(), pci::Address{0, 1, 0, 0});

    const auto word = space.read16(0);
    require(word.has_value() == (config.size() >= 2), "what is there is read, and nothing else");
    const auto identity = space.read_identity();
    if (!identity) {
        require(config.size() < kHeaderBytes, "a whole header has an identity");
        return;
    }
    require(!identity->answers() || identity->vendor == *word, "the vendor is the first register");
    require(identity->answers() || *identity == pci::Identity{}, "who does not answer is nobody");
    require(identity->same_card(*identity), "a card is the same as itself");
    require(identity->class_code <= 0xffffff, "a class has three bytes");
    require(is_printable(identity->to_string()), "an identity is printable");
}

}  // namespace slotd::fuzz
