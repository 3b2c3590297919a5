#include "pci/link.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace slotd::pci {

namespace {

struct Speed {
    const char* text;
    std::uint32_t mts;
};

/// By encoding.
constexpr std::array<Speed, 7> kSpeeds{{{"?", 0},
                                        {"2.5 GT/s", 2500},
                                        {"5.0 GT/s", 5000},
                                        {"8.0 GT/s", 8000},
                                        {"16.0 GT/s", 16000},
                                        {"32.0 GT/s", 32000},
                                        {"64.0 GT/s", 64000}}};

const Speed& speed_of(std::uint8_t speed) {
    return kSpeeds[speed < kSpeeds.size() ? speed : 0];
}

}  // namespace

const char* speed_text(std::uint8_t speed) {
    return speed_of(speed).text;
}

std::uint32_t speed_in_mts(std::uint8_t speed) {
    return speed_of(speed).mts;
}

std::uint8_t speed_from_mts(std::uint64_t mts) {
    for (std::size_t speed = 1; speed < kSpeeds.size(); ++speed) {
        if (kSpeeds[speed].mts == mts) {
            return static_cast<std::uint8_t>(speed);
        }
    }
    return 0;
}

}  // namespace slotd::pci
