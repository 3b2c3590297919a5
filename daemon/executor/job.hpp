#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

/// What a worker is started for: an effect that slotd asked for, or a recorded gate that has to be
/// opened because nobody is left to ask.
using Job = std::variant<action::Effect, os::Gate>;

/// In the imperative, for lines.
std::string to_string(const Job& job);

/// The gate that a job closes or opens, as name_of() calls it, but one name for the gates of all
/// functions below a port ("vfs 0000:00:1c.0"); nullopt where it touches none. Two
/// jobs about one gate never run at the same time, not even beside a wedged one: the later would be
/// undone by the earlier when that comes back.
std::optional<std::string> gate_name(const Job& job);

/// The port or function that a job is about.
pci::Address subject(const Job& job);

/// How long its worker may take before it is called wedged.
Duration deadline_of(const Job& job);

/// Does the job, here and now. Only a worker process calls it: every one of them can block for
/// ever. `lent` is for a ResetByLentFds, and closed in any case.
event::Outcome perform(const Hands& hands, const Job& job, std::vector<os::UniqueFd> lent = {});

/// From slotd-exec to its own worker, which is the same program: no version, but bounds all the
/// same.
Bytes encode(const Job& job, std::uint64_t ticket);

struct Assignment {
    std::uint64_t ticket = 0;
    Job job;
    bool operator==(const Assignment&) const = default;
};

Result<Assignment> decode_assignment(std::span<const std::uint8_t> bytes);

}  // namespace slotd::executor
