#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "action/record.hpp"
#include "evidence/evidence.hpp"

namespace slotd::evidence {

/// One line of slotd as it comes out of the journal again.
struct JournalLine {
    std::int64_t wall_us = 0;  ///< since the epoch, when the journal took it
    std::string boot;          ///< _BOOT_ID
    std::string run;           ///< of slotd: _SYSTEMD_INVOCATION_ID, else _PID
    action::Record record;     ///< without `event`, which is `evidence`
    std::optional<Evidence> evidence;
    std::string problem;  ///< why there is no evidence though the field is there

    bool operator==(const JournalLine&) const = default;
};

/// A field's value by its name; nullopt where the entry has no such field.
using FieldOf = std::function<std::optional<std::string>(const char* name)>;

/// nullopt for an entry that is no line of slotd: without a kind that this version knows. Values
/// may be any bytes; of what cannot be read the field is left empty.
std::optional<JournalLine> journal_line(std::int64_t wall_us, const FieldOf& field);

}  // namespace slotd::evidence
