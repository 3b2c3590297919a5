#include "pci/modalias.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "pci/identity.hpp"

namespace slotd::pci {
namespace {

TEST(Modalias, TellsAllOfAnIdentityButRevisionAndSerialNumber) {
    Identity expected;
    expected.vendor = 0x8086;
    expected.device = 0x10d3;
    expected.subsystem_vendor = 0x15d9;
    expected.subsystem_device = 0xa01f;
    expected.class_code = 0x010802;

    EXPECT_EQ(identity_from_modalias("pci:v00008086d000010D3sv000015D9sd0000A01Fbc01sc08i02"),
              expected);
}

TEST(Modalias, IsNoneWhereAnythingIsMissingTooMuchOrTooLarge) {
    for (const char* const text :
         {"", "pci:", "usb:v1D6Bp0002", "pci:v00008086d000010D3sv000015D9sd0000A01Fbc01sc08",
          "pci:v00008086d000010D3sv000015D9sd0000A01Fbc01sc08i0",
          "pci:v00008086d000010D3sv000015D9sd0000A01Fbc01sc08i02x",
          "pci:v00018086d000010D3sv000015D9sd0000A01Fbc01sc08i02",
          "pci:v0000 086d000010D3sv000015D9sd0000A01Fbc01sc08i02"}) {
        EXPECT_EQ(identity_from_modalias(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace slotd::pci
