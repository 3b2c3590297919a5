#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "os/executor_client.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::fakes {

/// A real slotd-exec on a FakeSysfs, and slotd's side of it. Waiting has a deadline of 10 s and
/// ends with what there is by then, so that a test fails and does not hang.
class ExecutorConversation {
public:
    /// `more` are further options of slotd-exec; `program` lies where slotd-exec does;
    /// `stderr_file` takes its lines in place of said().
    explicit ExecutorConversation(const FakeSysfs& sysfs, std::vector<std::string> more = {},
                                  const std::string& program = "slotd-exec",
                                  const std::string& stderr_file = "");

    /// Asks and returns at once; the id counts from 1.
    event::EffectId ask(const action::Effect& effect);
    /// The same with descriptors.
    event::EffectId lend(const action::Effect& effect, std::span<const os::UniqueFd> fds);
    /// Asks and waits for the first outcome.
    event::Outcome answer_to(const action::Effect& effect);
    /// Waits for the n-th outcome (from 1) of an effect; TimedOut with the context "test" where
    /// none comes.
    event::Outcome wait_for(event::EffectId id, std::size_t nth = 1);
    /// Waits until slotd-exec has ended by itself, or was killed; how: "exit code 0", "signal 9".
    std::string wait_for_end();
    /// Sends a signal.
    void signal(int number) const;
    /// Leaves slotd-exec room for so many more descriptors (RLIMIT_NOFILE); false where that is
    /// refused.
    bool leave_descriptors(std::size_t count) const;
    /// Processes that it has started and that have not been reaped.
    std::vector<pid_t> workers() const;
    /// Ends the conversation; "exit code 0" where all gates are open.
    std::string close();

    /// Every outcome in the order of arrival.
    const std::vector<std::pair<event::EffectId, event::Outcome>>& outcomes() const {
        return outcomes_;
    }

    /// What slotd-exec and its workers have written to stderr so far.
    std::string said() const { return files_.read("stderr"); }

    os::ExecutorClient& client() { return client_; }

    /// For ExecutorClient::launch(): slotd-exec on this tree.
    static std::vector<std::string> command(const FakeSysfs& sysfs,
                                            const std::vector<std::string>& more,
                                            const std::string& program = "slotd-exec");

private:
    /// One turn of a loop; false after the deadline.
    bool turn(Instant deadline);

    TempDir files_;
    std::vector<std::pair<event::EffectId, event::Outcome>> outcomes_;
    std::string how_ended_;
    os::ExecutorClient client_;
    event::EffectId last_id_ = 0;
};

/// What a run of slotd-exec said on stderr, and how it ended.
struct ExecutorRun {
    int exit_code = -1;
    std::string said;
};

/// Runs slotd-exec to its end with these arguments and nothing else.
ExecutorRun run_executor(const std::vector<std::string>& arguments,
                         const std::string& program = "slotd-exec");

/// slotd-exec on a tree with FakeVfio.
inline constexpr const char* kWithFakeVfio = "slotd-exec-fake-vfio";

}  // namespace slotd::fakes
