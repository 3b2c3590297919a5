#include "daemon/ctl/journal.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/terminal.hpp"
#include "os/journal_reader.hpp"
#include "report/printable.hpp"
#include "report/timeline_text.hpp"

namespace slotd::ctl {

Result<os::JournalReader> open_journal(const std::optional<std::string>& path) {
    return path ? os::JournalReader::open_path(*path) : os::JournalReader::open_local();
}

ExitCode unreadable(const Error& error) {
    complain(report::printable(error.message()));
    return error.kind == ErrorKind::PermissionDenied ? ExitCode::NotPermitted
                                                     : ExitCode::NotReachable;
}

report::TimeZone local_zone(std::int64_t since_epoch_us) {
    const auto seconds = static_cast<std::time_t>(since_epoch_us / 1'000'000);
    std::tm local{};
    if (::localtime_r(&seconds, &local) == nullptr) {
        return {};
    }
    return {local.tm_gmtoff, local.tm_zone == nullptr ? "" : report::printable(local.tm_zone)};
}

}  // namespace slotd::ctl
