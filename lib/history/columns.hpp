#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "history/entry.hpp"

namespace slotd::history {

/// The columns of a row in the file, in this order. What a kind of entry does not have is null.
enum class Column : std::uint8_t {
    Seq,
    RealtimeUs,
    BoottimeUs,
    BootId,
    Kind,
    Port,
    RootPort,
    Slot,
    Incident,  ///< the number's bits: the file's integers are signed
    Attempt,
    Step,
    Automatic,
    Well,
    Ambiguous,
    Who,
    Said,  ///< cause, reason or how it ended
    LastsUs,
};

inline constexpr std::size_t kColumns = 17;

inline constexpr std::array<std::string_view, kColumns> kColumnNames{
    "seq",       "realtime_us", "boottime_us", "boot_id", "kind",    "port",
    "root_port", "slot",        "incident",    "attempt", "step",    "automatic",
    "well",      "ambiguous",   "who",         "said",    "lasts_us"};

/// A value in a column; null is monostate.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Columns = std::array<Value, kColumns>;

/// `row` as it is kept. Text longer than kTextBytesMax is cut, a hold's length to microseconds.
Columns columns_of(const Row& row);

/// The row, or Malformed for anything that columns_of() does not make.
Result<Row> row_of(const Columns& columns);

/// Changes with every byte of every value. Against damage, not against forgery.
std::int64_t checksum(const Columns& columns);

}  // namespace slotd::history
