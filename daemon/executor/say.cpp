#include "daemon/executor/say.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "action/record.hpp"

namespace slotd::executor {

void say(action::Priority priority, std::string_view text) {
    const std::string line =
        fmt::format("<{}>slotd-exec: {}\n", std::to_underlying(priority), text);
    // Nothing can be done about a stderr that takes no more; the outcome says the same to slotd.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace slotd::executor
