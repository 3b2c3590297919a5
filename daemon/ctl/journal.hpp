#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "os/journal_reader.hpp"
#include "report/timeline_text.hpp"

namespace slotd::ctl {

/// The journal of `path`, or this machine's.
Result<os::JournalReader> open_journal(const std::optional<std::string>& path);

/// This machine's time zone as it was then.
report::TimeZone local_zone(std::int64_t since_epoch_us);

/// Says why the journal cannot be read.
ExitCode unreadable(const Error& error);

}  // namespace slotd::ctl
