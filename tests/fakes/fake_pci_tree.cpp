#include "tests/fakes/fake_pci_tree.hpp"

#include <fmt/format.h>

#include <string>

namespace slotd::fakes {

namespace {

std::string last_component(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

FakePciTree::FakePciTree() {
    dir_.make_dir("bus/pci/devices");
    dir_.make_dir("bus/pci/slots");
    dir_.make_dir("bus/pci_express/devices");
}

std::string FakePciTree::file(const std::string& path, const std::string& name) const {
    return "devices/" + path + "/" + name;
}

void FakePciTree::attribute(const std::string& path, const std::string& name,
                            const std::string& value) const {
    dir_.write(file(path, name), value);
}

void FakePciTree::remove_attribute(const std::string& path, const std::string& name) const {
    dir_.remove(file(path, name));
}

void FakePciTree::function(const std::string& path, const std::string& class_code) const {
    attribute(path, "class", class_code + "\n");
    attribute(path, "modalias",
              fmt::format("pci:v00008086d000010D3sv00008086sd0000A01Fbc{}sc{}i{}\n",
                          class_code.substr(2, 2), class_code.substr(4, 2), class_code.substr(6)));
    attribute(path, "vendor", "0x8086\n");
    attribute(path, "device", "0x10d3\n");
    attribute(path, "subsystem_vendor", "0x8086\n");
    attribute(path, "subsystem_device", "0xa01f\n");
    attribute(path, "revision", "0x02\n");
    dir_.link("bus/pci/devices/" + last_component(path), "../../../devices/" + path);
}

void FakePciTree::bridge(const std::string& path, unsigned secondary, unsigned subordinate) const {
    function(path, "0x060400");
    attribute(path, "max_link_width", "4\n");
    attribute(path, "power/runtime_status", "active\n");
    attribute(path, "secondary_bus_number", fmt::format("{}\n", secondary));
    attribute(path, "subordinate_bus_number", fmt::format("{}\n", subordinate));
    const std::string name = last_component(path);
    const std::string domain = name.substr(0, name.find(':'));
    dir_.make_dir(file(path, fmt::format("pci_bus/{}:{:02x}", domain, secondary)));
    dir_.link(file(path, "driver"), "../../../bus/pci/drivers/pcieport");
}

void FakePciTree::conventional_bridge(const std::string& path) const {
    function(path, "0x060401");
}

void FakePciTree::endpoint(const std::string& path, const std::string& driver) const {
    function(path, "0x020000");
    if (!driver.empty()) {
        dir_.link(file(path, "driver"), "../../../../bus/pci/drivers/" + driver);
    }
}

void FakePciTree::service(const std::string& port_path, const std::string& suffix,
                          const std::string& driver) const {
    const std::string name = last_component(port_path) + ":" + suffix;
    dir_.make_dir(file(port_path, name));
    if (!driver.empty()) {
        dir_.link(file(port_path, name + "/driver"),
                  "../../../../bus/pci_express/drivers/" + driver);
    }
    dir_.link("bus/pci_express/devices/" + name, "../../../devices/" + port_path + "/" + name);
}

void FakePciTree::slot(const std::string& name, const std::string& address) const {
    dir_.write("bus/pci/slots/" + name + "/address", address);
}

void FakePciTree::vanish(const std::string& path) const {
    dir_.remove("devices/" + path);
}

}  // namespace slotd::fakes
