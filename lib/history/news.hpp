#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "history/entry.hpp"
#include "history/remembered.hpp"

namespace slotd::history {

/// Names one thing asked of the history, chosen by who asks; comes back once with the answer.
using Ticket = std::uint64_t;

/// The history can be used from now on. The first one may come late (slow disk) or never (read-only
/// disk); until then no budget is known. A later one follows an Unusable; what is remembered then
/// includes this run's own entries.
struct Opened {
    Remembered remembered;
    std::vector<std::string> warnings;  ///< whole sentences for the operator
    bool operator==(const Opened&) const = default;
};

/// It cannot be written from now on; said once, until the next Opened. Tried again by itself.
struct Unusable {
    std::string reason;  ///< whole sentence for the operator
    bool operator==(const Unusable&) const = default;
};

/// The end of an append with a ticket. Well: the entry is on the disk. Otherwise: it must be
/// treated as not written, though a power cut or a failing disk may leave it there after all.
struct Written {
    Ticket ticket = 0;
    Status status;
};

/// The end of a query.
struct Answered {
    Ticket ticket = 0;
    Result<std::vector<Row>> rows;  ///< oldest first
};

/// So many entries without a ticket found no room while the disk was slow or unusable.
struct Dropped {
    std::uint64_t entries = 0;
    bool operator==(const Dropped&) const = default;
};

/// What a history says, in the order of happening.
using News = std::variant<Opened, Unusable, Written, Answered, Dropped>;

}  // namespace slotd::history
