#include "pci/address_wire.hpp"

#include <cstdint>

#include "base/bytes.hpp"
#include "pci/address.hpp"

namespace slotd::pci {

void put_address(ByteWriter& out, const Address& address) {
    out.number(address.domain);
    out.number(address.bus);
    out.number(address.device);
    out.number(address.function);
}

Address take_address(ByteReader& in) {
    Address address;
    address.domain = in.number<std::uint32_t>();
    address.bus = in.number<std::uint8_t>();
    address.device = in.number<std::uint8_t>();
    address.function = in.number<std::uint8_t>();
    if (address.domain > 0xffffff || address.device > 31 || address.function > 7) {
        in.fail();
    }
    return address;
}

}  // namespace slotd::pci
