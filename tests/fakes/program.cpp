#include "tests/fakes/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "os/clock.hpp"
#include "os/executor_client.hpp"

namespace slotd::fakes {

using namespace std::chrono_literals;

namespace {

[[noreturn]] void become(const std::vector<std::string>& words, const std::string& out,
                         const std::string& error, std::optional<uid_t> uid) {
    const int null = ::open("/dev/null", O_RDONLY);
    const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    const int error_fd = ::open(error.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    (void)::dup2(null, STDIN_FILENO);
    (void)::dup2(out_fd, STDOUT_FILENO);
    (void)::dup2(error_fd, STDERR_FILENO);
    if (uid && ::setresuid(*uid, *uid, *uid) != 0) {
        ::_exit(126);
    }
    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));  // execv takes char* for C's sake
    }
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

}  // namespace

std::string path_of_program(const std::string& name) {
    const auto beside = os::executor_beside_us();
    SLOTD_ASSERT(beside);
    return beside->substr(0, beside->rfind('/') + 1) + name;
}

Program::Program(std::vector<std::string> words, std::optional<uid_t> uid) {
    const std::string out = output_.path("out");
    const std::string error = output_.path("error");
    output_.write("out", "");
    output_.write("error", "");
    pid_ = ::fork();
    SLOTD_ASSERT(pid_ >= 0);
    if (pid_ == 0) {
        become(words, out, error, uid);
    }
}

Program::~Program() {
    if (!ended_) {
        signal(SIGKILL);
        (void)wait(10s);
    }
}

std::optional<int> Program::wait(Duration patience) {
    const Instant end = os::read_clock() + patience;
    while (!ended_) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        } else if (os::read_clock() > end) {
            return std::nullopt;
        } else {
            pause_a_moment();
        }
    }
    return ended_;
}

void Program::signal(int number) const {
    if (!ended_) {
        (void)::kill(pid_, number);
    }
}

ProgramRun run_program(std::vector<std::string> words, std::optional<uid_t> uid) {
    const Instant begun = os::read_clock();
    Program program(std::move(words), uid);
    ProgramRun run;
    run.code = program.wait(20s);
    run.took = os::read_clock() - begun;
    run.out = program.out();
    run.error = program.error();
    return run;
}

void pause_a_moment() {
    const timespec moment{0, 1'000'000};
    (void)::nanosleep(&moment, nullptr);
}

Instant clock_now() {
    return os::read_clock();
}

}  // namespace slotd::fakes
