// slotd-exec with the fake VFIO of the tests in the kernel's place; everything else is the real
// one.
#include <utility>

#include "daemon/executor/options.hpp"
#include "daemon/executor/startup.hpp"
#include "tests/fakes/fake_vfio.hpp"

int main(int argc, char** argv) {
    const auto options = slotd::executor::parse_options(argc, argv);
    if (!options) {
        return std::to_underlying(options.error());
    }
    const slotd::fakes::FakeVfio vfio(options->sysfs_root.value_or("/sys"));
    return std::to_underlying(slotd::executor::run(*options, vfio));
}
