#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "action/record.hpp"

namespace slotd::os {

/// Bytes of a record's text that are kept; a line on stderr is shorter still.
inline constexpr std::size_t kRecordTextBytesMax = 16384;
/// A write of this much to a pipe is whole or not at all (PIPE_BUF, pipe(7)).
inline constexpr std::size_t kStderrLineBytesMax = 4096;

/// MESSAGE_ID of a kind of line, 32 hex digits; the catalog of the package uses the same.
std::string_view message_id(action::RecordKind kind);

/// The record as one datagram of journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL),
/// with the SLOTD_* fields that it has values for.
std::string journal_datagram(const action::Record& record);

/// "<5>0000:00:02.0 (slot 1) [incident 00000000000000ab attempt 1] text\n": sd-daemon(3) priority,
/// one line whatever the text holds, at most kStderrLineBytesMax.
std::string stderr_line(const action::Record& record);

/// How many lines could not be written, as a record of its own.
action::Record dropped_lines(std::uint64_t count);

}  // namespace slotd::os
