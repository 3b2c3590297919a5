#include "tests/fakes/fake_sysfs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/parse.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/fake_pci_tree.hpp"

namespace slotd::fakes {

namespace {

constexpr std::size_t kConfigBytes = 4096;
// After so much silence nobody hangs at a FIFO any more.
constexpr int kQuietMs = 100;

/// Configuration space under construction.
class Config {
public:
    Config() : bytes_(kConfigBytes, '\0') {}

    Config& put16(std::size_t offset, std::uint16_t value) {
        bytes_[offset] = static_cast<char>(value & 0xff);
        bytes_[offset + 1] = static_cast<char>(value >> 8);
        return *this;
    }

    Config& put32(std::size_t offset, std::uint32_t value) {
        put16(offset, static_cast<std::uint16_t>(value & 0xffff));
        return put16(offset + 2, static_cast<std::uint16_t>(value >> 16));
    }

    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

/// Header, power management, PCI Express and AER capabilities of any function.
Config function_config(std::uint32_t class_and_revision, std::uint8_t header_type,
                       std::uint16_t pcie_capabilities) {
    Config config;
    config.put32(0x00, 0x10d38086).put16(0x04, 0x0546).put16(0x06, 0x0010);
    config.put32(0x08, class_and_revision).put16(0x0e, header_type).put16(0x34, 0x40);
    config.put16(0x40, 0x5001).put16(kPcieAt, 0x0010).put16(kPcieAt + 2, pcie_capabilities);
    config.put16(kPcieAt + 0x08, 0x283f);
    config.put32(kAerAt, 0x14020001);
    return config;
}

}  // namespace

FakeSysfs::FakeSysfs() : stop_(::eventfd(0, EFD_CLOEXEC)) {
    for (const char* driver : {"aer", "dpc", "pciehp"}) {
        for (const bool binds : {false, true}) {
            const std::string path =
                fmt::format("bus/pci_express/drivers/{}/{}", driver, binds ? "bind" : "unbind");
            tree_.files().make_dir(fmt::format("bus/pci_express/drivers/{}", driver));
            tree_.files().make_fifo(path);
            // Read and write: the FIFO always has both ends, so nobody who opens it waits.
            const std::string whole = root() + "/" + path;
            os::UniqueFd fd{::open(whole.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
            SLOTD_ASSERT(fd);
            fifos_.push_back({std::move(fd), driver, binds});
        }
    }
    kernel_ = std::thread([this] { simulate_kernel(); });
}

FakeSysfs::~FakeSysfs() {
    const std::uint64_t one = 1;
    SLOTD_ASSERT(::write(stop_.get(), &one, sizeof one) == sizeof one);
    kernel_.join();
}

void FakeSysfs::simulate_kernel() {
    std::vector<pollfd> polled{{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    for (const Fifo& fifo : fifos_) {
        polled.push_back({.fd = fifo.fd.get(), .events = POLLIN, .revents = 0});
    }
    while (::poll(polled.data(), polled.size(), -1) >= 0 && polled[0].revents == 0) {
        for (const Fifo& fifo : fifos_) {
            std::array<char, 4096> buffer{};
            const ssize_t got = ::read(fifo.fd.get(), buffer.data(), buffer.size());
            std::string_view rest(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
            while (!rest.empty()) {
                move_link(fifo, std::string(next_field(rest, '\n')));
            }
        }
    }
}

std::vector<std::string> FakeSysfs::bindings() const {
    const std::scoped_lock lock(bindings_lock_);
    return bindings_;
}

void FakeSysfs::move_link(const Fifo& fifo, const std::string& service_device) {
    const std::string device = "bus/pci_express/devices/" + service_device;
    if (!std::filesystem::exists(root() + "/" + device)) {
        return;
    }
    {
        const std::scoped_lock lock(bindings_lock_);
        bindings_.push_back((fifo.binds ? "bind " : "unbind ") + service_device);
    }
    if (!fifo.binds) {
        tree_.files().remove(device + "/driver");
    } else if (!bound(service_device)) {
        tree_.files().link(device + "/driver",
                           "../../../../bus/pci_express/drivers/" + fifo.driver);
    }
}

void FakeSysfs::root_port(const std::string& address, std::uint8_t bus, std::uint16_t slot_number) {
    const std::string path = "pci0000:00/" + address;
    paths_[address] = path;
    tree_.bridge(path, bus, bus);
    Config config = function_config(0x06040001, 1, 0x0142);
    config.put16(0x18, static_cast<std::uint16_t>(bus << 8)).put16(0x3e, 0x0002);
    // Link: reports active, x4 at 8 GT/s. Slot: hot-plug capable; presence, link and hot-plug
    // interrupt enabled, power indicator on; a card is there.
    config.put32(kPcieAt + 0x0c, 0x00100043).put16(kPcieAt + 0x12, 0x2043);
    config.put32(kPcieAt + 0x14, 0x40U | static_cast<std::uint32_t>(slot_number) << 19);
    config.put16(kPcieAt + 0x18, 0x1128).put16(kPcieAt + 0x1a, 0x0040);
    write_config(address, config.bytes());
    tree_.attribute(path, fmt::format("pci_bus/0000:{:02x}/rescan", bus), "");
    tree_.service(path, "pcie002", "aer");
    tree_.service(path, "pcie004", "pciehp");
    const std::string slot = fmt::format("bus/pci/slots/{}/", slot_number);
    tree_.files().write(slot + "address", fmt::format("0000:{:02x}:00\n", bus));
    tree_.files().write(slot + "power", "1\n");
    tree_.files().write(slot + "adapter", "1\n");
}

void FakeSysfs::card(const std::string& port, const std::string& address) {
    const std::string path = paths_.at(port) + "/" + address;
    paths_[address] = path;
    tree_.endpoint(path, "e1000e");
    Config config = function_config(0x02000002, 0, 0x0002);
    config.put32(0x2c, 0xa01f8086);
    config.put32(kSerialAt, 0x00010003).put32(kSerialAt + 4, 0x33445566);
    config.put32(kSerialAt + 8, 0x00112233);
    write_config(address, config.bytes());
    tree_.attribute(path, "reset_method", "flr bus\n");
    tree_.attribute(path, "driver_override", "(null)\n");
    tree_.attribute(path, "reset", "");
    tree_.attribute(path, "remove", "");
}

void FakeSysfs::upstream_port(const std::string& port, const std::string& address,
                              std::uint8_t bus) {
    const std::string path = paths_.at(port) + "/" + address;
    paths_[address] = path;
    tree_.bridge(path, bus, bus);
    write_config(address, function_config(0x06040002, 1, 0x0052).bytes());
    tree_.attribute(path, "reset_method", "bus\n");
    tree_.attribute(path, "reset", "");
    tree_.attribute(path, "remove", "");
}

std::string FakeSysfs::file_of(const std::string& address, const std::string& name) const {
    return "devices/" + paths_.at(address) + "/" + name;
}

std::string FakeSysfs::attribute(const std::string& address, const std::string& name) const {
    return tree_.files().read(file_of(address, name));
}

void FakeSysfs::set_attribute(const std::string& address, const std::string& name,
                              const std::string& value) const {
    tree_.files().write(file_of(address, name), value);
}

std::string FakeSysfs::config(const std::string& address) const {
    return attribute(address, "config");
}

void FakeSysfs::write_config(const std::string& address, const std::string& bytes) const {
    set_attribute(address, "config", bytes);
}

std::uint16_t FakeSysfs::get16(const std::string& address, std::uint16_t offset) const {
    const std::string bytes = config(address);
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes.at(offset)) |
                                      static_cast<std::uint8_t>(bytes.at(offset + 1U)) << 8);
}

std::uint32_t FakeSysfs::get32(const std::string& address, std::uint16_t offset) const {
    return get16(address, offset) |
           std::uint32_t{get16(address, static_cast<std::uint16_t>(offset + 2))} << 16;
}

void FakeSysfs::set16(const std::string& address, std::uint16_t offset, std::uint16_t value) const {
    std::string bytes = config(address);
    bytes.at(offset) = static_cast<char>(value & 0xff);
    bytes.at(offset + 1U) = static_cast<char>(value >> 8);
    write_config(address, bytes);
}

void FakeSysfs::set32(const std::string& address, std::uint16_t offset, std::uint32_t value) const {
    set16(address, offset, static_cast<std::uint16_t>(value & 0xffff));
    set16(address, static_cast<std::uint16_t>(offset + 2), static_cast<std::uint16_t>(value >> 16));
}

void FakeSysfs::silence(const std::string& address) const {
    write_config(address, std::string(kConfigBytes, '\xff'));
}

bool FakeSysfs::bound(const std::string& service_device) const {
    const std::string link = root() + "/bus/pci_express/devices/" + service_device + "/driver";
    return std::filesystem::is_symlink(std::filesystem::symlink_status(link));
}

void FakeSysfs::remove(const std::string& address) const {
    tree_.files().remove("bus/pci/devices/" + address);
    tree_.vanish(paths_.at(address));
}

void FakeSysfs::hang(const std::string& path) const {
    tree_.files().remove(path);
    tree_.files().make_fifo(path);
}

std::string FakeSysfs::let_go(const std::string& path) const {
    const std::string whole = root() + "/" + path;
    // Both ends: those who hang in open(2) have what they wait for, as long as this lives.
    const os::UniqueFd fd{::open(whole.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    SLOTD_ASSERT(fd);
    std::string written;
    pollfd polled{.fd = fd.get(), .events = POLLIN, .revents = 0};
    while (::poll(&polled, 1, kQuietMs) == 1) {
        std::array<char, 4096> buffer{};
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        written.append(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return written;
}

}  // namespace slotd::fakes
