#pragma once

#include <string>

#include "tests/fakes/temp_dir.hpp"

namespace slotd::fakes {

/// The part of sysfs that shows PCI, in a temporary directory and laid out as the kernel does:
/// devices nested below their bridges, symbolic links in bus/.../devices, driver links.
///
/// Functions are named by their path below /sys/devices: "pci0000:00/0000:00:1c.0/0000:01:00.0".
class FakePciTree {
public:
    FakePciTree();

    std::string root() const { return dir_.path(); }

    /// A PCIe bridge, awake, with these bus numbers and its bus below it.
    void bridge(const std::string& path, unsigned secondary, unsigned subordinate) const;
    /// A bridge of conventional PCI.
    void conventional_bridge(const std::string& path) const;
    /// An Ethernet function 8086:10d3 (8086:a01f) revision 02; `driver` may be empty.
    void endpoint(const std::string& path, const std::string& driver) const;
    /// A port service device "pcie004"; bound to `driver` unless that is empty.
    void service(const std::string& port_path, const std::string& suffix,
                 const std::string& driver) const;
    /// bus/pci/slots/<name>/address
    void slot(const std::string& name, const std::string& address) const;
    /// Any attribute of a function, any bytes.
    void attribute(const std::string& path, const std::string& name,
                   const std::string& value) const;
    void remove_attribute(const std::string& path, const std::string& name) const;
    /// The function's directory goes, its link stays: what a scan sees of a removal in progress.
    void vanish(const std::string& path) const;

    const TempDir& files() const { return dir_; }

private:
    void function(const std::string& path, const std::string& class_code) const;
    std::string file(const std::string& path, const std::string& name) const;

    TempDir dir_;
};

}  // namespace slotd::fakes
