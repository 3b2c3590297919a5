#include "daemon/ctl/local_time.hpp"

#include <fmt/format.h>

#include <ctime>
#include <string>

namespace slotd::ctl {

std::string local_time() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    if (::localtime_r(&now, &parts) == nullptr) {
        return "--:--:--";
    }
    return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace slotd::ctl
