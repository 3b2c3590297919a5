// pci::find_capability, find_extended_capability, read_serial_number: lists in a configuration
// space that hardware wrote, or nobody.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>

#include "base/result.hpp"
#include "pci/registers/capability_walk.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

constexpr std::uint16_t kConfigBytes = 4096;

/// Hostile space: `bytes`, then the same byte for ever; a read may fail. Asks where it is read.
class Space {
public:
    Space(std::span<const std::uint8_t> bytes, std::uint8_t elsewhere, unsigned reads_max)
        : bytes_(bytes),
          elsewhere_(elsewhere),
          reads_left_(reads_max) {}

    pci::ReadConfig reader() {
        return [this](std::uint16_t offset) -> Result<std::uint32_t> {
            require(offset % 4 == 0 && offset < kConfigBytes, "reads are whole and within");
            require(read_.insert(offset).second || !walk_alone_,
                    "a walk visits each offset at most once");
            require(++reads_ <= kConfigBytes / 4 + 2, "a walk ends");
            if (reads_left_ == 0) {
                return failure(ErrorKind::Io, "read");
            }
            --reads_left_;
            return at(offset);
        };
    }

    std::uint32_t at(std::uint16_t offset) const {
        std::uint32_t value = 0;
        for (std::size_t index = 0; index < 4; ++index) {
            const std::size_t place = offset + index;
            const std::uint8_t byte = place < bytes_.size() ? bytes_[place] : elsewhere_;
            value |= std::uint32_t{byte} << 8 * index;
        }
        return value;
    }

    /// What a list of capabilities leads to may lie where one of them claims to be.
    void start_again(bool walk_alone) {
        read_.clear();
        reads_ = 0;
        walk_alone_ = walk_alone;
    }

private:
    std::span<const std::uint8_t> bytes_;
    std::uint8_t elsewhere_;
    unsigned reads_left_;
    std::set<std::uint16_t> read_;
    unsigned reads_ = 0;
    bool walk_alone_ = true;
};

}  // namespace

void fuzz_capabilities(std::span<const std::uint8_t> bytes) {
    const std::uint8_t wanted = take_byte(bytes);
    const std::uint8_t elsewhere = (take_byte(bytes) & 1U) != 0 ? 0xff : 0x00;
    const unsigned reads_max = take_byte(bytes) * 8U;
    Space space(bytes, elsewhere, reads_max == 0 ? kConfigBytes : reads_max);

    if (const auto found = pci::find_capability(space.reader(), wanted); found && *found) {
        require(**found >= 0x40 && **found <= 0xfc, "a capability is behind the header");
        require((space.at(**found) & 0xff) == wanted, "the one that was asked for is found");
    }
    space.start_again(true);
    if (const auto found = pci::find_extended_capability(space.reader(), wanted); found && *found) {
        require(**found >= 0x100, "an extended capability is behind the others");
        require((space.at(**found) & 0xffff) == wanted, "the one that was asked for is found");
    }
    space.start_again(false);
    if (const auto serial = pci::read_serial_number(space.reader()); serial && *serial) {
        require(**serial != UINT64_MAX, "all ones is no serial number");
    }
}

}  // namespace slotd::fuzz
