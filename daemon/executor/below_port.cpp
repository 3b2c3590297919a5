#include "daemon/executor/below_port.hpp"

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "daemon/executor/function_driver.hpp"
#include "daemon/executor/subject_check.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

Result<std::vector<FunctionBelow>> functions_below(const CheckedPort& port) {
    auto names = port.dir.names();
    if (!names) {
        return std::unexpected(std::move(names.error()));
    }
    std::vector<FunctionBelow> found;
    for (const std::string& name : *names) {
        const std::optional<pci::Address> address = pci::Address::parse(name);
        if (!address) {
            continue;
        }
        auto dir = port.dir.open_below(name);
        if (!dir) {
            return std::unexpected(std::move(dir.error()));
        }
        const std::string code = dir->read("class").value_or("");
        FunctionBelow one{*address,
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
