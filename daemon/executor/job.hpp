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
#include "daemon/executor/port_sample.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "os/gate.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

/// Which of these ports look otherwise than expected.
struct SampleJob {
    std::vector<event::PortSample> expected;
    bool operator==(const SampleJob&) const = default;
};

/// What a worker is started for: an effect or a sample that slotd asked for, or a recorded gate
/// that has to be opened because nobody is left to ask.
using Job = std::variant<action::Effect, os::Gate, SampleJob>;

/// In the imperative, for lines.
std::string to_string(const Job& job);

/// The gate that a job closes or opens, as name_of() calls it, but one name for the gates of all
/// functions below a port ("vfs 0000:00:1c.0"); nullopt where it touches none. Two
/// jobs about one gate never run at the same time, not even beside a wedged one: the later would be
/// undone by the earlier when that comes back.
std::optional<std::string> gate_name(const Job& job);

/// The port or function that a job is about; nullopt for a sample, which is of many.
std::optional<pci::Address> subject(const Job& job);

/// How long its worker may take before it is called wedged.
Duration deadline_of(const Job& job);

/// Does the job, here and now. Only a worker process calls it: every one of them can block for
/// ever. `sampled` is what the worker holds open between samples; `lent` is for a ResetByLentFds,
/// and closed in any case.
event::Outcome perform(const Hands& hands, SampledPorts& sampled, const Job& job,
                       std::vector<os::UniqueFd> lent = {});

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
