#include "tests/fakes/fake_driver_core.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/parse.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::fakes {

namespace {

constexpr const char* kMarker = "settle";

std::string device(const std::string& address) {
    return "bus/pci/devices/" + address;
}

std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

std::string override_of(const FakeSysfs& sysfs, const std::string& address) {
    const std::string text = sysfs.tree().files().read(device(address) + "/driver_override");
    const std::string_view name = without_newline(text);
    return name == "(null)" ? "" : std::string(name);
}

std::string driver_of(const FakeSysfs& sysfs, const std::string& address) {
    std::error_code error;
    const auto link =
        std::filesystem::read_symlink(sysfs.root() + "/" + device(address) + "/driver", error);
    return error ? "" : link.filename().string();
}

}  // namespace

FakeDriverCore::FakeDriverCore(const FakeSysfs& sysfs, const std::vector<std::string>& drivers)
    : sysfs_(sysfs),
      writes_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
    for (const std::string& driver : drivers) {
        for (const bool binds : {false, true}) {
            const std::string path =
                fmt::format("bus/pci/drivers/{}/{}", driver, binds ? "bind" : "unbind");
            sysfs_.tree().files().make_dir(directory_of(path));
            sysfs_.tree().files().make_fifo(path);
            os::UniqueFd fd{
                ::open((sysfs_.root() + "/" + path).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
            SLOTD_ASSERT(fd);
            fifos_.push_back({std::move(fd), driver, binds});
        }
    }
    sysfs_.tree().files().write(kMarker, "");
    watch(kMarker, marker_);
    kernel_ = std::thread([this] { run(); });
}

FakeDriverCore::~FakeDriverCore() {
    const std::uint64_t one = 1;
    SLOTD_ASSERT(::write(stop_.get(), &one, sizeof one) == sizeof one);
    kernel_.join();
}

void FakeDriverCore::watch(const std::string& path, int& watch) const {
    watch =
        ::inotify_add_watch(writes_.get(), (sysfs_.root() + "/" + path).c_str(), IN_CLOSE_WRITE);
    SLOTD_ASSERT(watch >= 0);
}

std::string FakeDriverCore::vf_name(const std::string& physical, unsigned index) {
    // "0000:01:00.0" has room for seven more in its own device.
    return physical.substr(0, 8) + fmt::format("{:02x}.{}", (index + 1) / 8, (index + 1) % 8);
}

void FakeDriverCore::physical(const std::string& address, const std::string& default_driver) {
    sysfs_.set_attribute(address, "sriov_drivers_autoprobe", "1\n");
    sysfs_.set_attribute(address, "sriov_numvfs", "0\n");
    const std::lock_guard lock(mutex_);
    int number = -1;
    watch(sysfs_.file_of(address, "sriov_numvfs"), number);
    numbers_[number] = {address, default_driver};
}

void FakeDriverCore::set_vfs(const std::string& address, unsigned number) const {
    sysfs_.set_attribute(address, "sriov_numvfs", std::to_string(number));
    settle();
}

void FakeDriverCore::loses_vfs_by(const std::string& power_file, const std::string& address) {
    const std::lock_guard lock(mutex_);
    int power = -1;
    watch(power_file, power);
    powers_[power] = {power_file, address};
}

std::string FakeDriverCore::whose(const std::string& address) const {
    return driver_of(sysfs_, address) + "|" + override_of(sysfs_, address);
}

void FakeDriverCore::give(const std::string& address, const std::string& driver,
                          const std::string& driver_override) const {
    const auto& files = sysfs_.tree().files();
    files.write(device(address) + "/driver_override",
                driver_override.empty() ? "(null)\n" : driver_override + "\n");
    files.remove(device(address) + "/driver");
    if (!driver.empty()) {
        files.link(device(address) + "/driver", "../../../../bus/pci/drivers/" + driver);
    }
}

void FakeDriverCore::settle() const {
    const std::uint64_t before = settled_.load();
    sysfs_.tree().files().write(kMarker, "");
    while (settled_.load() == before) {
        std::this_thread::yield();
    }
}

void FakeDriverCore::run() {
    std::vector<pollfd> polled{{.fd = stop_.get(), .events = POLLIN, .revents = 0},
                               {.fd = writes_.get(), .events = POLLIN, .revents = 0}};
    for (const Fifo& fifo : fifos_) {
        polled.push_back({.fd = fifo.fd.get(), .events = POLLIN, .revents = 0});
    }
    while (::poll(polled.data(), polled.size(), -1) >= 0 && polled[0].revents == 0) {
        read_fifos();
        read_writes();
    }
}

void FakeDriverCore::read_fifos() {
    for (const Fifo& fifo : fifos_) {
        std::array<char, 4096> buffer{};
        const ssize_t got = ::read(fifo.fd.get(), buffer.data(), buffer.size());
        std::string_view rest(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        // No newline between them: an address has 12 characters.
        while (rest.size() >= 12) {
            move_link(fifo, std::string(rest.substr(0, 12)));
            rest.remove_prefix(12);
        }
    }
}

void FakeDriverCore::read_writes() {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(writes_.get(), buffer.data(), buffer.size());
    for (std::size_t at = 0; std::cmp_less(at, got);) {
        inotify_event event{};
        std::memcpy(&event, buffer.data() + at, sizeof event);
        written(event.wd);
        at += sizeof event + event.len;
    }
}

void FakeDriverCore::written(int watch) {
    if (watch == marker_) {
        ++settled_;
        return;
    }
    const std::lock_guard lock(mutex_);
    if (const auto number = numbers_.find(watch); number != numbers_.end()) {
        number_changed(number->second);
    }
    const auto power = powers_.find(watch);
    // Power that is put on again where it is on loses nothing.
    if (power != powers_.end() && sysfs_.tree().files().read(power->second.file) == "0") {
        for (auto& [unused, physical] : numbers_) {
            if (physical.address == power->second.loses_vfs_of) {
                sysfs_.set_attribute(physical.address, "sriov_numvfs", "0\n");
                sysfs_.set_attribute(physical.address, "sriov_drivers_autoprobe", "1\n");
                number_changed(physical);
            }
        }
    }
}

void FakeDriverCore::number_changed(Physical& physical) {
    const std::string text = sysfs_.attribute(physical.address, "sriov_numvfs");
    const auto wanted = parse_unsigned<unsigned>(without_newline(text));
    if (!wanted) {
        return;  // between the truncation and the write of a shell's ">"
    }
    while (physical.number > *wanted) {
        drop_vf(physical, --physical.number);
    }
    while (physical.number < *wanted) {
        make_vf(physical, physical.number++);
    }
}

void FakeDriverCore::make_vf(const Physical& physical, unsigned index) {
    const std::string name = vf_name(physical.address, index);
    const std::string below = directory_of(directory_of(sysfs_.file_of(physical.address, "x")));
    const std::string path = below.substr(std::string("devices/").size()) + "/" + name;
    const bool probes =
        without_newline(sysfs_.attribute(physical.address, "sriov_drivers_autoprobe")) != "0";
    sysfs_.tree().endpoint(path, probes ? physical.default_driver : "");
    sysfs_.tree().attribute(path, "driver_override", "(null)\n");
    sysfs_.tree().files().link("devices/" + path + "/physfn", "../" + physical.address);
    sysfs_.tree().files().link(sysfs_.file_of(physical.address, fmt::format("virtfn{}", index)),
                               "../" + name);
}

void FakeDriverCore::drop_vf(const Physical& physical, unsigned index) {
    const std::string name = vf_name(physical.address, index);
    const std::string below = directory_of(directory_of(sysfs_.file_of(physical.address, "x")));
    sysfs_.tree().files().remove(sysfs_.file_of(physical.address, fmt::format("virtfn{}", index)));
    sysfs_.tree().files().remove(device(name));
    sysfs_.tree().files().remove(below + "/" + name);
}

void FakeDriverCore::move_link(const Fifo& fifo, const std::string& address) const {
    const std::string now = driver_of(sysfs_, address);
    if (!fifo.binds) {
        if (now == fifo.driver) {
            sysfs_.tree().files().remove(device(address) + "/driver");
        }
        return;
    }
    const std::string wanted = override_of(sysfs_, address);
    const bool fits = wanted == fifo.driver || (wanted.empty() && fifo.driver != "vfio-pci");
    if (now.empty() && fits && std::filesystem::exists(sysfs_.root() + "/" + device(address))) {
        sysfs_.tree().files().link(device(address) + "/driver",
                                   "../../../../bus/pci/drivers/" + fifo.driver);
    }
}

}  // namespace slotd::fakes
