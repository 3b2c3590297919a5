#pragma once

#include <cstddef>

#include "base/bytes.hpp"
#include "event/usage.hpp"

namespace slotd::event {

/// Bounds of a Usage on the wire. Texts are cut to theirs; entries over a bound are left out and
/// counted.
struct UsageBounds {
    static constexpr std::size_t kNameBytes = 63;     ///< drivers, devices, interfaces, commands
    static constexpr std::size_t kHolderBytes = 191;  ///< a device-mapper name has up to 127
    static constexpr std::size_t kPathBytes = 255;    ///< mount points, nodes, units, reasons
    static constexpr std::size_t kFunctions = 1024;
    static constexpr std::size_t kEntries = 512;  ///< of each other list
    /// All of it, so that an Outcome with it fits into its datagram.
    static constexpr std::size_t kBytes = 64'000;
};

/// The part of `usage` that fits into all bounds: every function first, then what could not be
/// read, then what is in use in the order it is given. What did not fit is added to `left_out`.
/// What already fits comes back unchanged.
Usage fitted(const Usage& usage);

/// Writes fitted(usage).
void put_usage(ByteWriter& out, const Usage& usage);

/// Fails the reader for anything that put_usage() would not have written.
Usage take_usage(ByteReader& in);

}  // namespace slotd::event
