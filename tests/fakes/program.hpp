#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::fakes {

/// Test programs lie in the directory of the programs they test.
std::string path_of_program(const std::string& name);

/// One of our programs as a child process, as an operator starts it. Killed at the end if it still
/// runs.
class Program {
public:
    /// `words` are the program's path and its arguments; as another user where `uid` says so (needs
    /// root).
    explicit Program(std::vector<std::string> words, std::optional<uid_t> uid = std::nullopt);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program();

    /// The exit code, 128 + the signal's number, or nullopt where it still runs after `patience`.
    std::optional<int> wait(Duration patience);
    void signal(int number) const;

    std::string out() const { return output_.read("out"); }

    std::string error() const { return output_.read("error"); }

private:
    TempDir output_;
    pid_t pid_ = -1;
    std::optional<int> ended_;
};

/// Runs to its end; nullopt for the code where that takes more than 20 s.
struct ProgramRun {
    std::optional<int> code;
    std::string out;
    std::string error;
    Duration took{};
};

ProgramRun run_program(std::vector<std::string> words, std::optional<uid_t> uid = std::nullopt);

/// Polls until `condition` holds; false where it does not within 10 s.
template <class Condition>
bool eventually(Condition condition);

void pause_a_moment();
Instant clock_now();

template <class Condition>
bool eventually(Condition condition) {
    const Instant end = clock_now() + std::chrono::seconds(10);
    while (!condition()) {
        if (clock_now() > end) {
            return false;
        }
        pause_a_moment();
    }
    return true;
}

}  // namespace slotd::fakes
