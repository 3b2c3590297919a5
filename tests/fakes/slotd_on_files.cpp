#include "tests/fakes/slotd_on_files.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/program.hpp"

namespace slotd::fakes {

std::vector<std::string> SlotdOnFiles::command(const std::vector<std::string>& more) const {
    std::vector<std::string> words{path_of_program("slotd"),
                                   "--config",
                                   folder.path("slotd.toml"),
                                   "--sysfs-root",
                                   sysfs.root(),
                                   "--control-socket",
                                   socket,
                                   "--executor-state-dir",
                                   sysfs.state_dir(),
                                   "--history-directory",
                                   folder.path("history")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

ProgramRun SlotdOnFiles::slotctl(std::vector<std::string> words) const {
    words.insert(words.begin(), path_of_program("slotctl"));
    words.insert(words.end(), {"--socket", socket});
    return run_program(std::move(words));
}

bool SlotdOnFiles::in_phase(const std::string& slot, const std::string& phase) const {
    return slotctl({"show", slot, "--json"}).out.contains("\"phase\":\"" + phase + "\"");
}

}  // namespace slotd::fakes
