#include "daemon/executor/below_port.hpp"

#include <algorithm>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "daemon/executor/function_driver.hpp"
#include "daemon/executor/subject_check.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

Result<std::vector<pci::Address>> addresses_below(const os::SysfsDir& port) {
    auto names = port.names();
    if (!names) {
        return std::unexpected(std::move(names.error()));
    }
    std::vector<pci::Address> found;
    for (const std::string& name : *names) {
        if (const auto address = pci::Address::parse(name)) {
            found.push_back(*address);
        }
    }
    std::ranges::sort(found);
    return found;
}

Result<std::vector<FunctionBelow>> functions_below(const CheckedPort& port) {
    const auto addresses = addresses_below(port.dir);
    if (!addresses) {
        return std::unexpected(addresses.error());
    }
    std::vector<FunctionBelow> found;
    for (const pci::Address& address : *addresses) {
        auto dir = port.dir.open_below(address.to_string());
        if (!dir) {
            return std::unexpected(std::move(dir.error()));
        }
        const std::string code = dir->read("class").value_or("");
        FunctionBelow one{address,
                          std::move(*dir),
                          {},
                          {},
                          code.starts_with("0x06") && !code.starts_with("0x0600"),
                          false,
                          false};
        one.driver = read_driver(one.dir);
        one.group = one.dir.link_name("iommu_group").value_or("");
        one.virtual_function = one.dir.exists("physfn");
        one.given_to_vfio = is_given_to_vfio(one.dir);
        found.push_back(std::move(one));
    }
    return found;
}

}  // namespace slotd::executor
