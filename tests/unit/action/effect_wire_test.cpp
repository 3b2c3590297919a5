#include "action/effect_wire.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "action/effect.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::action {
namespace {

constexpr pci::Address kPort{0x10000, 0xe1, 0x1c, 5};

std::vector<Effect> every_effect() {
    return {RaiseFence{kPort},
            LowerFence{kPort},
            MaskHotplug{kPort},
            UnmaskHotplug{kPort, Latched::Forget},
            UnmaskHotplug{kPort, Latched::Deliver},
            UnbindService{kPort, pci::Service::Aer},
            UnbindService{kPort, pci::Service::Dpc},
            BindService{kPort, pci::Service::Pciehp},
            ResetFunction{kPort, KernelReset::Flr},
            ResetFunction{kPort, KernelReset::Bus},
            SetSlotPower{kPort, true},
            SetSlotPower{kPort, false},
            RemoveFunction{kPort},
            RescanBelow{kPort},
            ObserveSlot{kPort},
            SurveyUse{kPort},
            AskHooks{kPort},
            NoteVfs{kPort},
            RestoreVfs{kPort},
            ResetByVfio{kPort},
            ResetByLentFds{kPort, 0x1112131415161718}};
}

TEST(EffectWire, CarriesEveryEffect) {
    for (const Effect& effect : every_effect()) {
        const EffectRequest request{0x0102030405060708, effect};

        EXPECT_EQ(decode_effect_request(encode(request)), request) << to_string(effect);
    }
}

TEST(EffectWire, RefusesEveryTruncation) {
    for (const Effect& effect : every_effect()) {
        const Bytes whole = encode({1, effect});
        for (std::size_t length = 0; length < whole.size(); ++length) {
            EXPECT_FALSE(decode_effect_request(std::span(whole).first(length)).has_value());
        }
    }
}

TEST(EffectWire, RefusesWhatComesAfterTheEnd) {
    Bytes longer = encode({1, ObserveSlot{kPort}});
    longer.push_back(0);

    EXPECT_EQ(decode_effect_request(longer).error().kind, ErrorKind::Malformed);
}

// Every value of every byte: whatever is accepted is exactly what encode() writes, so there are no
// two spellings of one request and no enumerator that does not exist.
TEST(EffectWire, AcceptsNothingThatItWouldNotHaveWritten) {
    for (const Effect& effect : every_effect()) {
        const Bytes whole = encode({7, effect});
        for (std::size_t at = 0; at < whole.size(); ++at) {
            for (unsigned value = 0; value <= 0xff; ++value) {
                Bytes mutated = whole;
                mutated[at] = static_cast<std::uint8_t>(value);
                if (const auto decoded = decode_effect_request(mutated)) {
                    EXPECT_EQ(encode(*decoded), mutated);
                }
            }
        }
    }
}

TEST(EffectWire, KnowsNoServiceThatSlotdMayNotTouch) {
    for (const pci::Service service : {pci::Service::Pme, pci::Service::BwCtrl}) {
        EXPECT_FALSE(decode_effect_request(encode({1, UnbindService{kPort, service}})).has_value());
    }
}

TEST(EffectWire, ReadsTheIdOfARequestThatItCannotRead) {
    Bytes unknown_kind = encode({42, ObserveSlot{kPort}});
    unknown_kind[3] = 99;
    Bytes other_version = encode({43, ObserveSlot{kPort}});
    other_version[2] = 2;

    EXPECT_EQ(id_of_effect_request(unknown_kind), std::optional<std::uint64_t>(42));
    EXPECT_EQ(decode_effect_request(other_version).error().kind, ErrorKind::Unsupported);
    EXPECT_EQ(id_of_effect_request(other_version), std::optional<std::uint64_t>(43));
    EXPECT_EQ(id_of_effect_request(Bytes{1, 2, 3}), std::nullopt);
}

}  // namespace
}  // namespace slotd::action
