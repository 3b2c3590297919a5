#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "report/checkup.hpp"

namespace slotd::control {

/// What only slotd knows of how well it can do its work.
struct ConsultDoctor {
    std::optional<std::string> slot;  ///< nullopt: every slot
    bool operator==(const ConsultDoctor&) const = default;
};

/// What it has noted, as it stands.
struct DoctorReply {
    report::DaemonNotes notes;
    bool operator==(const DoctorReply&) const = default;
};

/// As the readers of the other replies (message.hpp).
Result<DoctorReply> decode_doctor(std::string_view parameters);

}  // namespace slotd::control
