#include "daemon/executor/lent_fd.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/executor/hands.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

constexpr std::string_view kNoiommu = "noiommu-";

}  // namespace

std::optional<std::variant<LentGroup, LentFunction>> identify(const Hands& hands,
                                                              const os::UniqueFd& fd) {
    const auto number = hands.vfio().number_of(fd.get());
    if (!number) {
        return std::nullopt;
    }
    const std::string link = fmt::format("dev/char/{}:{}", number->major, number->minor);
    const auto device = hands.sysfs().open_below(link);
    const auto target = hands.sysfs().link_target(link);
    if (!device || !target) {
        return std::nullopt;
    }
    const auto subsystem = device->link_name("subsystem");
    const std::filesystem::path path(*target);
    if (subsystem == "vfio") {
        std::string name = path.filename().string();
        if (name.starts_with(kNoiommu)) {
            name.erase(0, kNoiommu.size());
        }
        return LentGroup{name};
    }
    // .../0000:01:00.0/vfio-dev/vfio3
    const auto function = pci::Address::parse(path.parent_path().parent_path().filename().string());
    if (subsystem == "vfio-dev" && function) {
        return LentFunction{*function};
    }
    return std::nullopt;
}

}  // namespace slotd::executor
