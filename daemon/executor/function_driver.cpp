#include "daemon/executor/function_driver.hpp"

#include <time.h>

#include <string>

#include "base/result.hpp"
#include "daemon/executor/hands.hpp"
#include "os/driver_note.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

// The kernel has moved the link when the write returns; what stands between is a test's kernel.
constexpr int kLooksMax = 2000;
constexpr timespec kBetweenLooks{.tv_sec = 0, .tv_nsec = 1'000'000};

Status wait_for_driver(const os::SysfsDir& function, const std::string& driver) {
    for (int look = 0; look < kLooksMax; ++look) {
        if (function.link_name("driver").value_or("") == driver) {
            return {};
        }
        (void)::nanosleep(&kBetweenLooks, nullptr);  // cut short by a signal, it only looks sooner
    }
    return failure(ErrorKind::Io,
                   "see " + function.path() + " with " + (driver.empty() ? "no driver" : driver));
}

}  // namespace

os::DriverNote read_driver(const os::SysfsDir& function) {
    std::string driver_override = function.read("driver_override").value_or("");
    if (driver_override == "(null)") {
        driver_override.clear();
    }
    return {function.link_name("driver").value_or(""), driver_override};
}

bool is_given_to_vfio(const os::SysfsDir& function) {
    // The directory is there since v6.1, for vfio-pci and its variants alike.
    return function.link_name("driver") == kVfioPci || function.exists("vfio-dev");
}

Status set_override(const Hands& hands, const os::SysfsDir& function, const std::string& driver) {
    return hands.write(function, "driver_override", driver + "\n");
}

Status unbind_driver(const Hands& hands, const os::SysfsDir& function,
                     const pci::Address& address) {
    if (!function.link_name("driver")) {
        return {};
    }
    if (auto written = hands.write(function, "driver/unbind", address.to_string()); !written) {
        return written;
    }
    return wait_for_driver(function, "");
}

Status bind_driver(const Hands& hands, const os::SysfsDir& function, const pci::Address& address,
                   const std::string& driver) {
    // Not drivers_probe: several drivers may fit, and it has to be this one.
    const std::string bind = "bus/pci/drivers/" + driver + "/bind";
    if (auto written = hands.write(hands.sysfs(), bind, address.to_string()); !written) {
        return written;
    }
    return wait_for_driver(function, driver);
}

}  // namespace slotd::executor
