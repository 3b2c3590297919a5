#include "tests/fakes/fake_vfio.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/vfio.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "os/unique_fd.hpp"
#include "os/vfio_abi.hpp"
#include "os/vfio_calls.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::fakes {

namespace {

namespace fs = std::filesystem;
constexpr unsigned kGroupMajor = 511;
constexpr unsigned kDeviceMajor = 510;
constexpr os::DeviceNumber kContainer{10, 196};

std::string char_link(const os::DeviceNumber& number) {
    return fmt::format("dev/char/{}:{}", number.major, number.minor);
}

std::string last(const fs::path& link) {
    std::error_code error;
    const fs::path target = fs::read_symlink(link, error);
    return error ? "" : target.filename().string();
}

std::string content(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

void FakeVfio::add_group(const FakeSysfs& sysfs, unsigned group,
                         const std::vector<std::string>& functions) {
    const auto& files = sysfs.tree().files();
    const std::string number = std::to_string(group);
    for (const std::string& function : functions) {
        files.link(sysfs.file_of(function, "iommu_group"),
                   "../../../../kernel/iommu_groups/" + number);
        files.link("kernel/iommu_groups/" + number + "/devices/" + function,
                   sysfs.root() + "/bus/pci/devices/" + function);
        files.write("dev/vfio/device-" + function, "");
    }
    files.write("dev/vfio/vfio", "");
    files.write("dev/vfio/" + number, "");
    const auto relink = [&](const std::string& link, const std::string& target) {
        files.remove(link);
        files.link(link, target);
    };
    relink("devices/virtual/vfio/" + number + "/subsystem", "../../../../class/vfio");
    relink(char_link({kGroupMajor, group}), "../../devices/virtual/vfio/" + number);
    relink("devices/virtual/misc/vfio/subsystem", "../../../../class/misc");
    relink(char_link(kContainer), "../../devices/virtual/misc/vfio");
}

void FakeVfio::add_cdev(const FakeSysfs& sysfs, unsigned number, const std::string& function,
                        bool iommufd) {
    const auto& files = sysfs.tree().files();
    const std::string below = fmt::format("vfio-dev/vfio{}", number);
    const std::string node = sysfs.file_of(function, below);
    files.link(node + "/subsystem", "../../../../../../class/vfio-dev");
    files.link(char_link({kDeviceMajor, number}), "../../" + node);
    files.write(fmt::format("dev/vfio/devices/vfio{}", number),
                function + (iommufd ? " iommufd" : ""));
}

std::string FakeVfio::resets(const FakeSysfs& sysfs) {
    return sysfs.tree().files().read("dev/vfio/resets");
}

void FakeVfio::fail(unsigned long request, int os_errno, int times) {
    errors_[request].insert(errors_[request].end(), static_cast<std::size_t>(times), os_errno);
}

void FakeVfio::fail_open(const std::string& name, int os_errno) {
    open_errors_[name] = os_errno;
}

int FakeVfio::planned(unsigned long request) const {
    auto& errors = errors_[request];
    if (errors.empty()) {
        return 0;
    }
    const int os_errno = errors.front();
    errors.pop_front();
    return -os_errno;
}

int FakeVfio::open(const std::string& name) const {
    if (const auto error = open_errors_.find(name); error != open_errors_.end()) {
        const int os_errno = error->second;
        open_errors_.erase(error);
        return -os_errno;
    }
    os::UniqueFd fd{::open((root_ + "/dev/vfio/" + name).c_str(), O_RDWR | O_CLOEXEC)};
    if (!fd) {
        return -errno;
    }
    if (name != "vfio" && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        return -EBUSY;
    }
    (void)::ftruncate(fd.get(), 0);  // in no container, of no IOMMU
    return fd.release();
}

std::string FakeVfio::name_of(int fd) const {
    std::error_code error;
    const std::string path =
        fs::read_symlink("/proc/self/fd/" + std::to_string(fd), error).string();
    const std::string below = fs::canonical(root_, error).string() + "/dev/vfio/";
    return path.starts_with(below) ? path.substr(below.size()) : "";
}

std::string FakeVfio::function_of(const std::string& name) const {
    if (name.starts_with("device-")) {
        return name.substr(7);
    }
    return content(root_ + "/dev/vfio/" + name).substr(0, 12);
}

std::string FakeVfio::group_of(const std::string& function) const {
    return last(root_ + "/bus/pci/devices/" + function + "/iommu_group");
}

std::string FakeVfio::driver_of(const std::string& function) const {
    return last(root_ + "/bus/pci/devices/" + function + "/driver");
}

std::optional<os::DeviceNumber> FakeVfio::number_of(int fd) const {
    const std::string name = name_of(fd);
    if (name == "vfio") {
        return kContainer;
    }
    if (name.starts_with("devices/vfio")) {
        return os::DeviceNumber{kDeviceMajor, static_cast<unsigned>(std::stoul(name.substr(12)))};
    }
    if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos) {
        return os::DeviceNumber{kGroupMajor, static_cast<unsigned>(std::stoul(name))};
    }
    return std::nullopt;
}

int FakeVfio::ioctl(int fd, unsigned long request, void* argument) const {
    if (const int error = planned(request); error != 0) {
        return error;
    }
    const std::string name = name_of(fd);
    if (name.empty()) {
        return -ENOTTY;
    }
    switch (request) {
        case VFIO_GET_API_VERSION:
            return VFIO_API_VERSION;
        case VFIO_CHECK_EXTENSION:
            return 1;
        case VFIO_GROUP_GET_STATUS:
            static_cast<vfio_group_status*>(argument)->flags = viable ? VFIO_GROUP_FLAGS_VIABLE : 0;
            return 0;
        case VFIO_GROUP_SET_CONTAINER:
            if (!content(root_ + "/dev/vfio/" + name).empty()) {
                return -EINVAL;
            }
            return ::pwrite(fd, "joined", 6, 0) == 6 ? 0 : -EIO;
        case VFIO_SET_IOMMU:
            return 0;
        case VFIO_GROUP_GET_DEVICE_FD:
            return open_device(fd, static_cast<const char*>(argument));
        case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
            return reset_info(fd, argument);
        case VFIO_DEVICE_PCI_HOT_RESET:
            return hot_reset(fd, argument);
        default:
            return -ENOTTY;
    }
}

int FakeVfio::open_device(int group, const char* function) const {
    const std::string name = name_of(group);
    if (content(root_ + "/dev/vfio/" + name) != "joined") {
        return -EINVAL;
    }
    if (group_of(function) != name || driver_of(function) != "vfio-pci") {
        return -ENODEV;
    }
    const std::string path = root_ + "/dev/vfio/device-" + function;
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

std::vector<std::string> FakeVfio::functions_with(const std::string& function) const {
    std::vector<std::string> found;
    const fs::path device = fs::canonical(root_ + "/bus/pci/devices/" + function);
    for (const auto& entry : fs::directory_iterator(device.parent_path())) {
        if (pci::Address::parse(entry.path().filename().string())) {
            found.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(found);
    return found;
}

int FakeVfio::reset_info(int device, void* argument) const {
    const std::string name = name_of(device);
    const bool cdev = name.starts_with("devices/");
    if (cdev && !content(root_ + "/dev/vfio/" + name).ends_with("iommufd")) {
        return -EINVAL;
    }
    std::vector<std::string> functions = affected ? *affected : functions_with(function_of(name));
    if (!functions.empty()) {
        functions.resize(functions.size() + grows_by * asked_++, functions.front());
    }
    vfio_pci_hot_reset_info header{};
    std::memcpy(&header, argument, sizeof header);
    const std::size_t room = (header.argsz - sizeof header) / sizeof(vfio_pci_dependent_device);
    header.count = count.value_or(static_cast<std::uint32_t>(functions.size()));
    header.flags = !cdev ? 0
                   : not_owned.empty()
                       ? os::vfio_abi::kHotResetFlagDevId | os::vfio_abi::kHotResetFlagDevIdOwned
                       : os::vfio_abi::kHotResetFlagDevId;
    std::memcpy(argument, &header, sizeof header);
    if (room < functions.size()) {
        return -ENOSPC;
    }
    for (std::size_t index = 0; index < functions.size(); ++index) {
        const pci::Address address = pci::Address::parse(functions[index]).value();
        const std::string group = group_of(functions[index]);
        std::uint32_t owner = group.empty() ? 0 : static_cast<std::uint32_t>(std::stoul(group));
        if (cdev) {
            owner = std::ranges::find(not_owned, functions[index]) != not_owned.end()
                        ? os::vfio_abi::kDevIdNotOwned
                        : static_cast<std::uint32_t>(index);
        }
        const vfio_pci_dependent_device one{
            owner, static_cast<std::uint16_t>(address.domain), address.bus,
            static_cast<std::uint8_t>(address.device << 3 | address.function)};
        std::memcpy(static_cast<char*>(argument) + sizeof header + index * sizeof one, &one,
                    sizeof one);
    }
    return 0;
}

int FakeVfio::hot_reset(int device, const void* argument) const {
    const std::string name = name_of(device);
    const bool cdev = name.starts_with("devices/");
    vfio_pci_hot_reset header{};
    std::memcpy(&header, argument, sizeof header);
    std::string groups;
    std::vector<std::string> owned;
    for (std::size_t index = 0; index < header.count; ++index) {
        std::int32_t fd = -1;
        std::memcpy(&fd, static_cast<const char*>(argument) + sizeof header + index * sizeof fd,
                    sizeof fd);
        owned.push_back(name_of(fd));
        groups += " " + owned.back();
    }
    if (cdev != owned.empty()) {
        return -EINVAL;
    }
    for (const std::string& function : functions_with(function_of(name))) {
        if (driver_of(function) != "vfio-pci" ||
            (!cdev && std::ranges::find(owned, group_of(function)) == owned.end())) {
            return -EINVAL;
        }
    }
    std::ofstream(root_ + "/dev/vfio/resets", std::ios::app)
        << function_of(name) << (cdev ? " by its owner" : " by groups" + groups) << "\n";
    return 0;
}

}  // namespace slotd::fakes
