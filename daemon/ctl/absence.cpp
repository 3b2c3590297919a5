#include "daemon/ctl/absence.hpp"

#include <optional>
#include <string>

#include "os/unit_state.hpp"
#include "report/absence.hpp"

namespace slotd::ctl {

std::string why_slotd_is_silent() {
    const auto properties = os::unit_properties("slotd.service");
    return report::why_absent(properties ? report::parse_unit_state(*properties) : std::nullopt);
}

}  // namespace slotd::ctl
