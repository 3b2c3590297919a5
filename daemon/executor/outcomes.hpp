#pragma once

#include <string>

#include "base/result.hpp"
#include "event/outcome.hpp"

namespace slotd::executor {

event::Outcome done();
event::Outcome already_so(std::string context);
event::Outcome gone(std::string context, int os_errno = 0);
event::Outcome refused(std::string context, int os_errno = 0);
event::Outcome failed(std::string context, int os_errno = 0);

/// What an Error means where nothing was changed yet: NotFound is Gone, what the kernel does not
/// allow or cannot do is Refused, everything else Failed.
event::Outcome outcome_of(const Error& error);

/// The answer of a job that found out late that nobody waits for it: it did nothing, or undid what
/// it did.
event::Outcome came_back_late(const std::string& what);

}  // namespace slotd::executor
