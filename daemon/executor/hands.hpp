#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "daemon/executor/crash_points.hpp"
#include "os/config_space.hpp"
#include "os/gate_record.hpp"
#include "os/port_services.hpp"
#include "os/sysfs_dir.hpp"
#include "os/vfio_calls.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace slotd::executor {

/// What an effect touches the world with. Reading is free; whatever changes something goes through
/// here, so that each change has its crash points and none can be added without.
class Hands {
public:
    /// True when nobody waits for this job any more: its deadline is past, or slotd-exec is gone.
    using CalledOff = std::function<bool()>;

    Hands(os::SysfsDir sysfs, const std::string& state_dir, const CrashPoints& crash,
          CalledOff called_off, const os::VfioCalls& vfio = os::kernel_vfio(),
          std::string proc_root = "/proc");

    const os::SysfsDir& sysfs() const { return sysfs_; }

    /// What stands for /proc.
    const std::string& proc_root() const { return proc_root_; }

    const os::GateRecord& record() const { return record_; }

    /// What changes something through it passes crash_point() before and after.
    const os::VfioCalls& vfio() const { return vfio_; }

    void crash_point(std::string_view name) const { crash_.reach(name); }

    bool called_off() const { return called_off_(); }

    /// /sys/bus/pci/devices/<address>, held open.
    Result<os::SysfsDir> device_dir(const pci::Address& address) const;

    Status write(const os::SysfsDir& dir, const std::string& attribute,
                 std::string_view value) const;
    Status write16(const os::ConfigSpace& config, std::uint16_t offset, std::uint16_t value) const;
    Status write32(const os::ConfigSpace& config, std::uint16_t offset, std::uint32_t value) const;
    Status unbind(const os::PortServices& services, pci::Service service,
                  const std::string& device) const;
    Status bind(const os::PortServices& services, pci::Service service,
                const std::string& device) const;

private:
    os::SysfsDir sysfs_;
    const CrashPoints& crash_;
    os::GateRecord record_;
    CalledOff called_off_;
    const os::VfioCalls& vfio_;
    std::string proc_root_;
};

}  // namespace slotd::executor
