#pragma once

#include <string>
#include <vector>

namespace slotd::hook_runner {

/// The programs of the folders: executable files, by name; one in an earlier folder hides its
/// namesake in a later, and a namesake that is not executable hides it too.
std::vector<std::string> programs_in(const std::vector<std::string>& directories);

/// One connection: reads a call, runs the programs one after the other, answers. Before a step it
/// stops at the first that fails, which is the objection. False where the call was none.
bool serve(int fd, const std::vector<std::string>& directories);

}  // namespace slotd::hook_runner
