#include "tests/fakes/fake_use.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/fakes/fake_pci_tree.hpp"

namespace slotd::fakes {

namespace {

std::string last_component(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

FakeUse::FakeUse(const FakePciTree& tree) : tree_(tree) {
    mounts({});
}

void FakeUse::disk(const std::string& path, const std::string& number) const {
    const std::string name = last_component(path);
    sys().write("devices/" + path + "/dev", number + "\n");
    sys().write("devices/" + path + "/inflight", "       0        0\n");
    sys().make_dir("devices/" + path + "/holders");
    sys().link("class/block/" + name, "../../devices/" + path);
}

void FakeUse::partition(const std::string& disk, const std::string& name,
                        const std::string& number) const {
    this->disk(disk + "/" + name, number);
    sys().write("devices/" + disk + "/" + name + "/partition", "1\n");
}

void FakeUse::stacked(const std::string& name, const std::string& number,
                      const std::string& mapper_name) const {
    disk("virtual/block/" + name, number);
    if (!mapper_name.empty()) {
        sys().write("devices/virtual/block/" + name + "/dm/name", mapper_name + "\n");
    }
}

void FakeUse::hold(const std::string& device, const std::string& holder) const {
    sys().link("class/block/" + device + "/holders/" + holder, "../../../virtual/block/" + holder);
}

void FakeUse::interface(const std::string& path) const {
    const std::string name = last_component(path);
    sys().write("devices/" + path + "/flags", "0x1003\n");
    sys().write("devices/" + path + "/operstate", "up\n");
    sys().link("class/net/" + name, "../../devices/" + path);
}

void FakeUse::interface_attribute(const std::string& name, const std::string& attribute,
                                  const std::string& value) const {
    sys().write("class/net/" + name + "/" + attribute, value);
}

void FakeUse::stack_interface(const std::string& lower, const std::string& upper,
                              bool is_master) const {
    interface("virtual/net/" + upper);
    sys().link("class/net/" + lower + "/upper_" + upper, "../../../virtual/net/" + upper);
    if (is_master) {
        sys().link("class/net/" + lower + "/master", "../../../virtual/net/" + upper);
    }
}

void FakeUse::character(const std::string& path, const std::string& number) const {
    sys().write("devices/" + path + "/dev", number + "\n");
    sys().link("dev/char/" + number, "../../devices/" + path);
}

void FakeUse::process(int pid, const std::string& command, const std::string& cgroup,
                      const std::vector<std::string>& targets) const {
    const std::string dir = fmt::format("{}/", pid);
    proc_.make_dir(dir + "fd");
    proc_.write(dir + "comm", command + "\n");
    proc_.write(dir + "cgroup", "0::" + cgroup + "\n");
    for (std::size_t fd = 0; fd < targets.size(); ++fd) {
        proc_.link(fmt::format("{}fd/{}", dir, fd), targets[fd]);
    }
}

void FakeUse::mounts(const std::vector<std::string>& lines, int pid) const {
    std::string table;
    for (const std::string& line : lines) {
        const std::size_t first = line.find(' ');
        const std::size_t second = line.find(' ', first + 1);
        table +=
            fmt::format("36 35 {} / {} rw,noatime shared:1 - ext4 {} rw\n", line.substr(0, first),
                        line.substr(first + 1, second - first - 1), line.substr(second + 1));
    }
    proc_.write(fmt::format("{}/mountinfo", pid), table);
}

}  // namespace slotd::fakes
