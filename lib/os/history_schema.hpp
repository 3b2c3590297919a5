#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "os/sqlite.hpp"

namespace slotd::os {

/// What "history" is in a file's application_id ("sltd"): `file` and other tools show it.
inline constexpr int kHistoryApplicationId = 0x736c7464;

/// Step n leads from schema version n to n + 1; step 0 starts at an empty file. Plain SQL. A
/// released step never changes: a file is recognized by what all steps together make.
using SchemaSteps = std::span<const std::string>;

/// The steps to the version that this slotd writes.
SchemaSteps history_schema();

/// What bring_up_to_date() found.
enum class SchemaFound : std::uint8_t {
    UpToDate,
    Migrated,  ///< an older version of ours, or an empty file
    Newer,     ///< of a later slotd; nothing was touched
    Foreign,   ///< a database of somebody else, or one whose schema is not what its version says
};

/// Brings the file to the last version, in one transaction: after a power cut it has the old
/// version or the new one.
Result<SchemaFound> bring_up_to_date(const SqliteConnection& connection, SchemaSteps steps);

}  // namespace slotd::os
