// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "record.hpp"
#include "wire.hpp"

namespace lab {

/// What a child does instead of exec; its return value is the exit code.
using ChildBody = std::function<int()>;

/// One child process. Everything that may block for ever (a sysfs file of a locked port, a read of
/// a dead disk) is done in a child, so the agent always answers.
struct Job {
    std::string request;  // the host's number for it, answered once; empty: nobody waits
    std::string lane;     // not empty: a background process whose lines go into the record
    pid_t pid = -1;
    int pidfd = -1;
    int out_fd = -1;
    int err_fd = -1;
    std::string out;
    std::string err;
    std::int64_t started_us = 0;
    std::optional<std::int64_t> deadline_us;
    bool killed = false;
};

/// All children, and the answers that their ends produce.
class Jobs {
public:
    Jobs(Record& record, std::function<void(const Message&)> answer)
        : record_(record),
          answer_(std::move(answer)) {}

    /// Runs `body` in a child, captures what it writes and answers `request` when it ends. After
    /// `timeout_ms` it is killed; if it does not die within a second more (D state) the answer is
    /// "stuck", and it is left behind.
    void run(std::string request, std::int64_t timeout_ms, const ChildBody& body);

    /// Starts a background process; its output lines go into the record under `lane`. Returns its
    /// pid.
    pid_t start(std::string lane, const ChildBody& body);

    void add_waited(std::vector<pollfd>& waited) const;
    int poll_timeout_ms() const;
    void service();

private:
    Job& spawn(const ChildBody& body);
    void drain(Job& job);
    void record_lines(Job& job, std::string& text, bool all);
    bool finish_if_over(Job& job);
    void give_up_if_late(Job& job);
    void reply(Job& job, const std::string& status);

    Record& record_;
    std::function<void(const Message&)> answer_;
    std::list<Job> jobs_;
};

}  // namespace lab
