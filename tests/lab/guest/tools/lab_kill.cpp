// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-kill NTH|TEXT slotd|executor PROGRAM ARGUMENT...
// lab-kill NTH|TEXT slotd|executor --lines FIFO
//
// Runs slotd, passes its lines on, and kills with SIGKILL the moment the n-th of them, or the first
// with that text, is written: slotd itself, or slotd-exec with all its workers. Line 0 is never
// written, so nobody is killed.
//
// slotd says each thing that it decides in a line, between the actions before it and those after
// it. This process has real-time priority and the guest one processor: the write of a line wakes
// it, and slotd does not run again before it has looked. So the same number is the same place, in
// every run.
//
// With --lines somebody else has started slotd, whose lines come through that FIFO, and ends this.
//
// SIGTERM is passed on to slotd. It ends when nobody has the pipe open any more: slotd, slotd-exec
// and all workers are gone then.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace {

pid_t slotd = 0;

void pass_on(int signal) {
    (void)::kill(slotd, signal);
}

void run(char** words, int stderr_fd) {
    (void)::dup2(stderr_fd, STDOUT_FILENO);
    (void)::dup2(stderr_fd, STDERR_FILENO);
    ::execvp(words[0], words);
    std::perror(words[0]);
    ::_exit(127);
}

/// slotd-exec and its workers have the same name.
void kill_all(std::string_view program) {
    DIR* const processes = ::opendir("/proc");
    while (const dirent* const entry = ::readdir(processes)) {
        const int pid = std::atoi(entry->d_name);
        std::string name;
        std::ifstream comm("/proc/" + std::string(entry->d_name) + "/comm");
        if (pid > 0 && std::getline(comm, name) && name == program) {
            (void)::kill(pid, SIGKILL);
        }
    }
    ::closedir(processes);
}

/// Once.
bool due(const std::string& line, long number, const std::string& where) {
    static bool over = false;
    const bool by_number = where.find_first_not_of("0123456789") == std::string::npos;
    const bool here =
        by_number ? number == std::atol(where.c_str()) : line.find(where) != std::string::npos;
    return here && !std::exchange(over, true);
}

void take_line(const std::string& line, long number, const char* where, std::string_view victim) {
    const bool now = due(line, number, where);
    if (now) {
        if (victim == "slotd" && slotd > 0) {
            (void)::kill(slotd, SIGKILL);
        } else {
            kill_all(victim == "slotd" ? "slotd" : "slotd-exec");
        }
    }
    std::printf("%s\n", line.c_str());
    if (now) {
        std::printf("lab-kill: killed %s at line %ld\n", std::string(victim).c_str(), number);
    }
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    std::array<int, 2> lines{};
    if (argc < 4 || ::pipe2(lines.data(), O_CLOEXEC) != 0) {
        std::fputs(
            "usage: lab-kill NTH|TEXT slotd|executor PROGRAM ARGUMENT...\n"
            "       lab-kill NTH|TEXT slotd|executor --lines FIFO\n",
            stderr);
        return 2;
    }
    if (std::string_view(argv[3]) == "--lines" && argc == 5) {
        ::close(lines[0]);
        lines[0] = ::open(argv[4], O_RDWR | O_CLOEXEC);
    } else {
        slotd = ::fork();
        if (slotd == 0) {
            run(argv + 3, lines[1]);
        }
        (void)::signal(SIGTERM, pass_on);
    }
    ::close(lines[1]);
    sched_param priority{};
    priority.sched_priority = 30;  // below the recorder
    (void)::sched_setscheduler(0, SCHED_FIFO, &priority);

    long number = 0;
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t size = 1; size != 0;) {
        size = ::read(lines[0], buffer.data(), buffer.size());
        text.append(buffer.data(), static_cast<std::size_t>(size > 0 ? size : 0));
        for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;) {
            take_line(text.substr(0, end), ++number, argv[1], argv[2]);
            text.erase(0, end + 1);
        }
    }
    int status = 0;
    (void)::waitpid(slotd, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
