#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/registers/capability_walk.hpp"

struct pci_access;
struct pci_dev;

namespace slotd::os {

/// The header of a function's configuration space, little-endian as it is there.
struct ConfigHeader {
    std::array<std::uint8_t, 64> bytes{};

    /// `offset` is below 64, and so is the end of what is read.
    template <std::unsigned_integral T>
    T read(std::uint16_t offset) const {
        T value = 0;
        for (std::size_t index = 0; index < sizeof(T); ++index) {
            value =
                static_cast<T>(value | static_cast<T>(T{bytes.at(offset + index)} << 8 * index));
        }
        return value;
    }
};

/// One function's configuration space, through libpci's sysfs method. Only slotd-exec uses it, and
/// there only a worker process: while the kernel resets the function or its port, each access
/// sleeps uninterruptibly for up to 65 s (KERNEL 3.3).
///
/// A read of a function that is enumerated but does not answer gives all ones, as hardware does;
/// that is a value and not an Error. Where the kernel has no such function, every access is
/// NotFound.
class ConfigSpace {
public:
    /// Who is going to write says so: it is opened once for both then.
    enum class Use : std::uint8_t { Read, ReadAndWrite };

    /// `sysfs_root` is what stands for /sys.
    ConfigSpace(const std::string& sysfs_root, const pci::Address& function, Use use = Use::Read);
    ~ConfigSpace();
    ConfigSpace(const ConfigSpace&) = delete;
    ConfigSpace& operator=(const ConfigSpace&) = delete;

    Result<std::uint8_t> read8(std::uint16_t offset) const;
    Result<std::uint16_t> read16(std::uint16_t offset) const;
    Result<std::uint32_t> read32(std::uint16_t offset) const;
    Status write16(std::uint16_t offset, std::uint16_t value) const;
    Status write32(std::uint16_t offset, std::uint32_t value) const;

    /// Neighbouring registers in one call; the kernel reads each for itself. `offset` and size are
    /// multiples of 4.
    Status read_block(std::uint16_t offset, std::span<std::uint8_t> bytes) const;

    /// The first 64 bytes in one call, all ones where the function does not answer. Not for a
    /// virtual function, whose IDs are all ones at all times.
    Result<ConfigHeader> read_header() const;

    /// For the pure walks of pci/registers. Lives no longer than this object.
    pci::ReadConfig reader() const;

    /// Vendor, device, class, revision, subsystem (type 0 header) and serial number as the function
    /// itself answers now; !answers() where it does not. `serial` is nullopt too where extended
    /// config space cannot be read.
    Result<pci::Identity> read_identity() const;
    /// The same, where the header has been read already.
    pci::Identity identity_of(const ConfigHeader& header) const;

    const pci::Address& address() const { return address_; }

private:
    Status read(std::uint16_t offset, std::uint8_t* bytes, int count) const;
    Status write(std::uint16_t offset, std::uint8_t* bytes, int count) const;

    struct Close {
        void operator()(pci_access* access) const;
        void operator()(pci_dev* function) const;
    };

    pci::Address address_;
    std::unique_ptr<pci_access, Close> access_;
    std::unique_ptr<pci_dev, Close> function_;
};

}  // namespace slotd::os
