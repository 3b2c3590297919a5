#pragma once

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// A process of its own for calls that can block for ever. It takes one job after another over a
/// socket pair and answers each; while it hangs in the kernel, nothing else waits for it.
///
/// It ends when this object closes its end, as soon as its job is over: no signal that the service
/// manager or a terminal sends to all ends it in the middle of putting something back, so SIGTERM,
/// SIGINT and SIGHUP are blocked in it. With its parent it ends at once, as soon as the kernel lets
/// it go: whoever comes next opens what is recorded, and nothing may act beside that. Only one that
/// was called off ends its job, which is to undo what nobody waits for (docs/adr,
/// a-worker-ends-with-slotd-exec). It holds none of its parent's descriptors but stdin, stdout,
/// stderr and its own channel: no client, no lock.
class WorkerProcess {
public:
    /// True once nobody waits for the job: call_off() was called, or the parent is gone. The same
    /// for all jobs of a worker, as long as it lives.
    using CalledOff = std::function<bool()>;
    /// Runs in the worker, for each job; the result is sent back as one datagram.
    using Body = std::function<Bytes(std::span<const std::uint8_t> job, std::vector<UniqueFd> lent,
                                     const CalledOff&)>;

    /// Forks. The caller has one thread.
    static Result<WorkerProcess> start(const Body& body);

    /// Hands over a job, and descriptors with it; it waits in the socket, never here. The caller's
    /// own can be closed at once: a worker that is killed before it takes the job leaves none open.
    Status assign(std::span<const std::uint8_t> job, std::span<const UniqueFd> lent = {}) const;

    enum class Mail : std::uint8_t { None, Answer, Ended };

    struct Received {
        Mail mail = Mail::None;
        Bytes answer;
    };

    /// What has come back, without waiting. Ended: the process is gone, with its job if it had one.
    Received receive() const;

    /// Tells the job that it should change nothing any more.
    void call_off() const { flag_->store(true); }

    bool called_off() const { return flag_->load(); }

    int fd() const { return channel_.get(); }

    pid_t pid() const { return pid_; }

private:
    struct Unmap {
        void operator()(std::atomic<bool>* flag) const;
    };

    using SharedFlag = std::unique_ptr<std::atomic<bool>, Unmap>;

    WorkerProcess(pid_t pid, UniqueFd channel, SharedFlag flag);

    pid_t pid_;
    UniqueFd channel_;
    SharedFlag flag_;
};

/// While this lives a worker does not end with its parent: it does so right after. For a change of
/// more than one system call that has no state in between.
class OneStep {
public:
    OneStep();
    OneStep(const OneStep&) = delete;
    OneStep& operator=(const OneStep&) = delete;
    ~OneStep();

private:
    sigset_t before_;
};

/// The biggest job or answer.
inline constexpr std::size_t kWorkerMessageBytesMax = 65536;

}  // namespace slotd::os
