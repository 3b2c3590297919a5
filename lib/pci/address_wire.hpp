#pragma once

#include "base/bytes.hpp"
#include "pci/address.hpp"

namespace slotd::pci {

/// An address in a message between slotd and slotd-exec: domain, bus, device, function.
void put_address(ByteWriter& out, const Address& address);
/// Out of range (domain above 24 bits, device above 31, function above 7) makes the reader fail.
Address take_address(ByteReader& in);

}  // namespace slotd::pci
