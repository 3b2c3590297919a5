#include "report/boot_parameters.hpp"

#include <algorithm>
#include <string_view>

#include "base/parse.hpp"
#include "report/checkup.hpp"

namespace slotd::report {

bool booted_with(const KernelFacts& kernel, std::string_view parameter, std::string_view option) {
    return std::ranges::any_of(kernel.parameters, [&](std::string_view rest) {
        if (next_field(rest, '=') != parameter) {
            return false;
        }
        while (!rest.empty()) {
            if (next_field(rest, ',') == option) {
                return true;
            }
        }
        return false;
    });
}

}  // namespace slotd::report
