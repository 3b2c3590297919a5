// SPDX-License-Identifier: GPL-2.0-or-later
#include "jobs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace lab {
namespace {

constexpr std::int64_t kDyingTimeUs = 1'000'000;

[[noreturn]] void become(const ChildBody& body, int out_fd, int err_fd) {
    ::setsid();  // its own process group, so that a kill reaches what it started too
    (void)::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    (void)::dup2(out_fd, STDOUT_FILENO);
    (void)::dup2(err_fd, STDERR_FILENO);
    ::_exit(body());
}

void take_all(int fd, std::string& to) {
    std::array<char, 65536> buffer;
    ssize_t size = 0;
    while ((size = ::read(fd, buffer.data(), buffer.size())) > 0) {
        to.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

std::string status_words(int status) {
    return WIFEXITED(status) ? "exit " + std::to_string(WEXITSTATUS(status))
                             : "signal " + std::to_string(WTERMSIG(status));
}

}  // namespace

Job& Jobs::spawn(const ChildBody& body) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) {
        std::perror("lab-agent: pipe");
        std::exit(1);
    }
    Job job;
    job.started_us = now_us();
    job.pid = ::fork();
    if (job.pid == 0) {
        become(body, out[1], err[1]);
    }
    ::close(out[1]);
    ::close(err[1]);
    job.out_fd = out[0];
    job.err_fd = err[0];
    (void)::fcntl(job.out_fd, F_SETFL, O_NONBLOCK);
    (void)::fcntl(job.err_fd, F_SETFL, O_NONBLOCK);
    job.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, job.pid, 0));
    jobs_.push_back(std::move(job));
    return jobs_.back();
}

void Jobs::run(std::string request, std::int64_t timeout_ms, const ChildBody& body) {
    Job& job = spawn(body);
    job.request = std::move(request);
    job.deadline_us = job.started_us + timeout_ms * 1'000;
}

pid_t Jobs::start(std::string lane, const ChildBody& body) {
    Job& job = spawn(body);
    job.lane = std::move(lane);
    record_.add(job.started_us, job.lane, "(started, pid " + std::to_string(job.pid) + ")");
    return job.pid;
}

void Jobs::add_waited(std::vector<pollfd>& waited) const {
    for (const Job& job : jobs_) {
        waited.push_back({job.pidfd, POLLIN, 0});
        for (const int fd : {job.out_fd, job.err_fd}) {
            waited.push_back({fd, POLLIN, 0});
        }
    }
}

int Jobs::poll_timeout_ms() const {
    std::int64_t nearest_us = 60'000'000;
    for (const Job& job : jobs_) {
        if (job.deadline_us) {
            nearest_us = std::clamp<std::int64_t>(*job.deadline_us - now_us(), 0, nearest_us);
        }
    }
    return static_cast<int>(nearest_us / 1'000) + 1;
}

void Jobs::record_lines(Job& job, std::string& text, bool all) {
    std::size_t end = 0;
    while ((end = text.find('\n')) != std::string::npos) {
        record_.add(now_us(), job.lane, text.substr(0, end));
        text.erase(0, end + 1);
    }
    if (all && !text.empty()) {
        record_.add(now_us(), job.lane, text);
    }
}

void Jobs::drain(Job& job) {
    // A pipe at its end stays readable for ever: it is no longer waited for once the last writer is
    // gone.
    for (const auto& [fd, text] : {std::pair{&job.out_fd, &job.out}, {&job.err_fd, &job.err}}) {
        if (*fd < 0) {
            continue;
        }
        take_all(*fd, *text);
        pollfd state{*fd, POLLIN, 0};
        if (::poll(&state, 1, 0) > 0 && (state.revents & (POLLIN | POLLHUP)) == POLLHUP) {
            ::close(*fd);
            *fd = -1;
        }
        if (!job.lane.empty()) {
            record_lines(job, *text, *fd < 0);
        }
    }
}

void Jobs::reply(Job& job, const std::string& status) {
    if (!job.request.empty()) {
        answer_({job.request, status, job.out, job.err, std::to_string(job.started_us),
                 std::to_string(now_us())});
        job.request.clear();
    }
    job.deadline_us.reset();
}

bool Jobs::finish_if_over(Job& job) {
    int status = 0;
    if (::waitpid(job.pid, &status, WNOHANG) != job.pid) {
        return false;
    }
    drain(job);
    if (!job.lane.empty()) {
        record_.add(now_us(), job.lane, "(ended, " + status_words(status) + ")");
    }
    reply(job, job.killed ? "timeout" : status_words(status));
    for (const int fd : {job.pidfd, job.out_fd, job.err_fd}) {
        if (fd >= 0) {
            ::close(fd);
        }
    }
    return true;
}

void Jobs::give_up_if_late(Job& job) {
    if (!job.deadline_us || now_us() < *job.deadline_us) {
        return;
    }
    if (job.killed) {
        reply(job, "stuck");
        return;
    }
    (void)::kill(-job.pid, SIGKILL);
    job.killed = true;
    job.deadline_us = now_us() + kDyingTimeUs;
}

void Jobs::service() {
    for (auto job = jobs_.begin(); job != jobs_.end();) {
        drain(*job);
        if (finish_if_over(*job)) {
            job = jobs_.erase(job);
            continue;
        }
        give_up_if_late(*job);
        ++job;
    }
}

}  // namespace lab
