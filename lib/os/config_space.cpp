#include "os/config_space.hpp"

extern "C" {
#include <pci/pci.h>
}

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "os/os_error.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/registers/capability_walk.hpp"
#include "pci/registers/header_registers.hpp"

namespace slotd::os {

namespace {

// libpci reports a failed access through this callback, with errno still set, and else by returning
// 0. The text itself says no more than the errno, so it is not printed: the caller decides what
// happens next.
thread_local int access_errno = 0;

void remember_errno(char* /*format*/, ...) {
    access_errno = errno;
}

void ignore_debug(char* /*format*/, ...) {}

/// libpci calls it where it cannot go on (no memory, no access method) and expects no return.
/// (The attribute is part of the type that libpci asks for; [[noreturn]] would not be.)
__attribute__((noreturn)) void give_up(char* format, ...) {
    std::array<char, 256> text{};
    va_list arguments;
    va_start(arguments, format);
    (void)std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    (void)std::fprintf(stderr, "<2>libpci: %s\n", text.data());
    std::abort();
}

/// libpci's functions take char* for what they only read.
char* mutable_text(const std::string& text) {
    return const_cast<char*>(text.c_str());
}

}  // namespace

void ConfigSpace::Close::operator()(pci_access* access) const {
    pci_cleanup(access);
}

void ConfigSpace::Close::operator()(pci_dev* function) const {
    pci_free_dev(function);
}

ConfigSpace::ConfigSpace(const std::string& sysfs_root, const pci::Address& function, Use use)
    : address_(function),
      access_(pci_alloc()) {
    access_->method = PCI_ACCESS_SYS_BUS_PCI;
    access_->writeable = use == Use::ReadAndWrite ? 1 : 0;
    access_->error = give_up;
    access_->warning = remember_errno;
    access_->debug = ignore_debug;
    const std::string name = "sysfs.path";
    // Cannot fail: the name is libpci's own.
    (void)pci_set_param(access_.get(), mutable_text(name), mutable_text(sysfs_root + "/bus/pci"));
    pci_init(access_.get());
    function_.reset(pci_get_dev(access_.get(), static_cast<int>(function.domain), function.bus,
                                function.device, function.function));
}

ConfigSpace::~ConfigSpace() = default;

Status ConfigSpace::read(std::uint16_t offset, std::uint8_t* bytes, int count) const {
    access_errno = 0;
    if (pci_read_block(function_.get(), offset, bytes, count) != 0) {
        return {};
    }
    std::string context = fmt::format("read config {:#x} of {}", offset, address_.to_string());
    if (access_errno != 0) {
        return std::unexpected(os_error(access_errno, std::move(context)));
    }
    // A short read: the kernel shows only the first 64 bytes to whoever lacks CAP_SYS_ADMIN.
    return std::unexpected(os_error(EPERM, std::move(context)));
}

Status ConfigSpace::write(std::uint16_t offset, std::uint8_t* bytes, int count) const {
    access_errno = 0;
    if (pci_write_block(function_.get(), offset, bytes, count) != 0) {
        return {};
    }
    std::string context = fmt::format("write config {:#x} of {}", offset, address_.to_string());
    return std::unexpected(os_error(access_errno != 0 ? access_errno : EIO, std::move(context)));
}

Result<std::uint8_t> ConfigSpace::read8(std::uint16_t offset) const {
    std::uint8_t value = 0;
    if (auto done = read(offset, &value, 1); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return value;
}

Result<std::uint16_t> ConfigSpace::read16(std::uint16_t offset) const {
    std::array<std::uint8_t, 2> bytes{};
    if (auto done = read(offset, bytes.data(), 2); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
}

Result<std::uint32_t> ConfigSpace::read32(std::uint16_t offset) const {
    std::array<std::uint8_t, 4> bytes{};
    if (auto done = read(offset, bytes.data(), 4); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
           std::uint32_t{bytes[3]} << 24;
}

Status ConfigSpace::write16(std::uint16_t offset, std::uint16_t value) const {
    std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(value),
                                      static_cast<std::uint8_t>(value >> 8)};
    return write(offset, bytes.data(), 2);
}

Status ConfigSpace::write32(std::uint16_t offset, std::uint32_t value) const {
    std::array<std::uint8_t, 4> bytes{
        static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
        static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
    return write(offset, bytes.data(), 4);
}

Status ConfigSpace::read_block(std::uint16_t offset, std::span<std::uint8_t> bytes) const {
    return read(offset, bytes.data(), static_cast<int>(bytes.size()));
}

pci::ReadConfig ConfigSpace::reader() const {
    return [this](std::uint16_t offset) { return read32(offset); };
}

Result<ConfigHeader> ConfigSpace::read_header() const {
    ConfigHeader header;
    const auto ids = read32(pci::kVendorIdOffset);
    if (!ids) {
        return std::unexpected(ids.error());
    }
    if (*ids == 0xffffffff) {
        header.bytes.fill(0xff);  // each further read might wait for a completion that never comes
        return header;
    }
    if (auto done = read(0, header.bytes.data(), static_cast<int>(header.bytes.size())); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return header;
}

Result<pci::Identity> ConfigSpace::read_identity() const {
    const auto header = read_header();
    if (!header) {
        return std::unexpected(header.error());
    }
    return identity_of(*header);
}

pci::Identity ConfigSpace::identity_of(const ConfigHeader& header) const {
    pci::Identity identity;
    identity.vendor = header.read<std::uint16_t>(pci::kVendorIdOffset);
    identity.device = header.read<std::uint16_t>(pci::kVendorIdOffset + sizeof(std::uint16_t));
    if (!identity.answers()) {
        return {};
    }
    const auto class_and_revision = header.read<std::uint32_t>(pci::kRevisionIdOffset);
    identity.class_code = class_and_revision >> 8;
    identity.revision = static_cast<std::uint8_t>(class_and_revision);
    // A bridge has its subsystem in a capability of its own, which slotd does not need: 0 there.
    if ((header.read<std::uint8_t>(pci::kHeaderTypeOffset) & 0x7f) == 0) {
        identity.subsystem_vendor = header.read<std::uint16_t>(pci::kSubsystemVendorIdOffset);
        identity.subsystem_device =
            header.read<std::uint16_t>(pci::kSubsystemVendorIdOffset + sizeof(std::uint16_t));
    }
    // Not knowing the serial number is no reason not to know the rest.
    if (const auto serial = pci::read_serial_number(reader())) {
        identity.serial = *serial;
    }
    return identity;
}

}  // namespace slotd::os
