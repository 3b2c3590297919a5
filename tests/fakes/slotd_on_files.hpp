#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/program.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::fakes {

/// What slotd and slotctl, as programs, need to run on a tree of files in place of /sys; everything
/// of theirs is in folders of one test.
struct SlotdOnFiles {
    /// The file that command() names.
    void configure(std::string_view text) const { folder.write("slotd.toml", text); }

    /// slotd with its configuration, and these words behind.
    std::vector<std::string> command(const std::vector<std::string>& more = {}) const;

    /// slotctl's verb and options, asked of that slotd.
    ProgramRun slotctl(std::vector<std::string> words) const;

    /// slotctl shows the slot in this phase.
    bool in_phase(const std::string& slot, const std::string& phase) const;

    FakeSysfs sysfs;
    TempDir folder;
    std::string socket = folder.path("control");
};

}  // namespace slotd::fakes
