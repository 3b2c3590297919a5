#include "daemon/executor/hands.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "daemon/executor/crash_points.hpp"
#include "os/config_space.hpp"
#include "os/gate_record.hpp"
#include "os/port_services.hpp"
#include "os/sysfs_dir.hpp"
#include "os/vfio_calls.hpp"
#include "os/worker_process.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::executor {

Hands::Hands(os::SysfsDir sysfs, const std::string& state_dir, const CrashPoints& crash,
             CalledOff called_off, const os::VfioCalls& vfio, std::string proc_root)
    : sysfs_(std::move(sysfs)),
      crash_(crash),
      record_(state_dir, [&crash](std::string_view step) { crash.reach(step); }),
      called_off_(std::move(called_off)),
      vfio_(vfio),
      proc_root_(std::move(proc_root)) {}

Result<os::SysfsDir> Hands::device_dir(const pci::Address& address) const {
    return sysfs_.open_below("bus/pci/devices/" + address.to_string());
}

Status Hands::write(const os::SysfsDir& dir, const std::string& attribute,
                    std::string_view value) const {
    crash_.reach("before " + attribute);
    // Opening and writing: in sysfs nothing lies between them, in a tree of files an empty file.
    Status written = [&] {
        const os::OneStep step;
        return dir.write(attribute, value);
    }();
    crash_.reach("after " + attribute);
    return written;
}

Status Hands::write16(const os::ConfigSpace& config, std::uint16_t offset,
                      std::uint16_t value) const {
    crash_.reach(fmt::format("before config {:#x}", offset));
    Status written = config.write16(offset, value);
    crash_.reach(fmt::format("after config {:#x}", offset));
    return written;
}

Status Hands::write32(const os::ConfigSpace& config, std::uint16_t offset,
                      std::uint32_t value) const {
    crash_.reach(fmt::format("before config {:#x}", offset));
    Status written = config.write32(offset, value);
    crash_.reach(fmt::format("after config {:#x}", offset));
    return written;
}

Status Hands::unbind(const os::PortServices& services, pci::Service service,
                     const std::string& device) const {
    crash_.reach("before unbind");
    Status done = services.unbind(service, device);
    crash_.reach("after unbind");
    return done;
}

Status Hands::bind(const os::PortServices& services, pci::Service service,
                   const std::string& device) const {
    crash_.reach("before bind");
    Status done = services.bind(service, device);
    crash_.reach("after bind");
    return done;
}

}  // namespace slotd::executor
