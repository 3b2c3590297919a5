#include "tests/fakes/executor_conversation.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/assert.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "os/clock.hpp"
#include "os/executor_client.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/program.hpp"

namespace slotd::fakes {

namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 10s;

}  // namespace

std::vector<std::string> ExecutorConversation::command(const FakeSysfs& sysfs,
                                                       const std::vector<std::string>& more,
                                                       const std::string& program) {
    std::vector<std::string> words{path_of_program(program), "--sysfs-root", sysfs.root(),
                                   "--state-dir", sysfs.state_dir()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

ExecutorConversation::ExecutorConversation(const FakeSysfs& sysfs, std::vector<std::string> more,
                                           const std::string& program,
                                           const std::string& stderr_file)
    : client_([this](event::EffectId id,
                     event::Outcome outcome) { outcomes_.emplace_back(id, std::move(outcome)); },
              [this](const std::string& how) { how_ended_ = how; }) {
    // The shell becomes slotd-exec: the process is the same.
    std::vector<std::string> words{
        "/bin/sh", "-c",
        "exec \"$0\" \"$@\" 2>>" + (stderr_file.empty() ? files_.path("stderr") : stderr_file)};
    for (std::string& word : command(sysfs, more, program)) {
        words.push_back(std::move(word));
    }
    SLOTD_ASSERT(client_.launch(words));
}

event::EffectId ExecutorConversation::ask(const action::Effect& effect) {
    client_.start(++last_id_, effect);
    return last_id_;
}

event::EffectId ExecutorConversation::lend(const action::Effect& effect,
                                           std::span<const os::UniqueFd> fds) {
    client_.lend(++last_id_, effect, fds);
    return last_id_;
}

event::Outcome ExecutorConversation::answer_to(const action::Effect& effect) {
    return wait_for(ask(effect));
}

bool ExecutorConversation::turn(Instant deadline) {
    const Instant now = os::read_clock();
    if (now >= deadline) {
        return false;
    }
    pollfd polled{.fd = client_.fd(), .events = POLLIN, .revents = 0};
    (void)::poll(
        &polled, 1,
        static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count()));
    client_.readable();
    return true;
}

event::Outcome ExecutorConversation::wait_for(event::EffectId id, std::size_t nth) {
    const Instant deadline = os::read_clock() + kPatience;
    do {
        std::size_t seen = 0;
        for (const auto& [whose, outcome] : outcomes_) {
            if (whose == id && ++seen == nth) {
                return outcome;
            }
        }
    } while (turn(deadline));
    return {event::OutcomeKind::TimedOut, 0, "test", std::nullopt};
}

std::string ExecutorConversation::wait_for_end() {
    const Instant deadline = os::read_clock() + kPatience;
    while (how_ended_.empty() && turn(deadline)) {
    }
    return how_ended_;
}

void ExecutorConversation::signal(int number) const {
    (void)::kill(client_.pid(), number);
}

bool ExecutorConversation::leave_descriptors(std::size_t count) const {
    rlimit limit{};
    if (::prlimit(client_.pid(), RLIMIT_NOFILE, nullptr, &limit) != 0) {
        return false;
    }
    const std::string open = "/proc/" + std::to_string(client_.pid()) + "/fd/";
    // The limit is the first number that is too high, whatever is free below.
    std::size_t unused = 0;
    for (limit.rlim_cur = 0; unused < count; ++limit.rlim_cur) {
        unused += std::filesystem::is_symlink(open + std::to_string(limit.rlim_cur)) ? 0U : 1U;
    }
    return ::prlimit(client_.pid(), RLIMIT_NOFILE, &limit, nullptr) == 0;
}

std::vector<pid_t> ExecutorConversation::workers() const {
    const std::string pid = std::to_string(client_.pid());
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    std::vector<pid_t> all;
    for (pid_t child = 0; children >> child;) {
        all.push_back(child);
    }
    return all;
}

std::string ExecutorConversation::close() {
    const auto closed = client_.close_and_wait(kPatience);
    return closed ? "exit code 0" : closed.error().context;
}

ExecutorRun run_executor(const std::vector<std::string>& arguments, const std::string& program) {
    std::string line = "'" + path_of_program(program) + "'";
    for (const std::string& argument : arguments) {
        line += " '" + argument + "'";
    }
    line += " 2>&1";
    std::FILE* const pipe = ::popen(line.c_str(), "r");
    SLOTD_ASSERT(pipe != nullptr);
    ExecutorRun run;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        run.said.append(buffer.data(), got);
    }
    const int status = ::pclose(pipe);
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
}

}  // namespace slotd::fakes
