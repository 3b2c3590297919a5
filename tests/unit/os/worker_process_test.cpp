#include "os/worker_process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr std::uint8_t kHang = 'h';

/// A process that has a worker and is then killed. The worker says on stderr, a pipe, what becomes
/// of its job; the pipe ends when the worker has ended too.
class KilledParent {
public:
    /// The job: "s" on stderr, then a byte is waited for, then "e" if it was called off.
    explicit KilledParent(bool call_off) {
        std::array<int, 2> said{};
        std::array<int, 2> go{};
        EXPECT_EQ(::pipe(said.data()), 0);
        EXPECT_EQ(::pipe(go.data()), 0);
        said_.reset(said[0]);
        go_.reset(go[1]);
        unread_.reset(go[0]);  // without a reader who writes would be killed
        parent_ = ::fork();
        if (parent_ == 0) {
            // What a worker keeps of its parent's: stdin and stderr.
            (void)::dup2(go[0], STDIN_FILENO);
            (void)::dup2(said[1], STDERR_FILENO);
            be_the_parent(call_off);
        }
        (void)::close(said[1]);
    }

    KilledParent(const KilledParent&) = delete;
    KilledParent& operator=(const KilledParent&) = delete;

    ~KilledParent() {
        kill();
        (void)!::write(go_.get(), "g", 1);
    }

    void kill() {
        if (parent_ > 0) {
            (void)::kill(parent_, SIGKILL);
            (void)::waitpid(parent_, nullptr, 0);
            parent_ = -1;
        }
    }

    void let_go() const { (void)!::write(go_.get(), "g", 1); }

    /// The next byte; 0 where the worker has ended, '?' where neither comes.
    char next() const {
        pollfd polled{.fd = said_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&polled, 1, kPatienceMs) != 1) {
            return '?';
        }
        char byte = 0;
        return ::read(said_.get(), &byte, 1) == 1 ? byte : '\0';
    }

private:
    [[noreturn]] static void be_the_parent(bool call_off) {
        const auto worker = WorkerProcess::start(
            [](std::span<const std::uint8_t>, std::vector<UniqueFd>, const auto& called_off) {
                char byte = 's';
                (void)!::write(STDERR_FILENO, &byte, 1);
                while (::read(STDIN_FILENO, &byte, 1) != 1) {
                }
                byte = called_off() ? 'e' : 'x';
                (void)!::write(STDERR_FILENO, &byte, 1);
                return Bytes{};
            });
        if (!worker || !worker->assign(std::array{kHang})) {
            std::_Exit(1);
        }
        if (call_off) {
            worker->call_off();
        }
        (void)::close(STDERR_FILENO);
        while (true) {
            (void)::pause();
        }
    }

    UniqueFd said_;
    UniqueFd go_;
    UniqueFd unread_;
    pid_t parent_ = -1;
};

// kill -9 of slotd-exec: the next one opens the gates, and nothing may act beside it.
TEST(WorkerProcess, EndsWithItsParentInTheMiddleOfAJob) {
    KilledParent parent(false);
    ASSERT_EQ(parent.next(), 's');

    parent.kill();

    EXPECT_EQ(parent.next(), '\0');
}

// It was past its deadline: what it closes behind everybody's back nobody else would open.
TEST(WorkerProcess, ThatWasCalledOffStaysToUndoWhatNobodyWaitsFor) {
    KilledParent parent(true);
    ASSERT_EQ(parent.next(), 's');

    parent.kill();
    parent.let_go();

    EXPECT_EQ(parent.next(), 'e');
    EXPECT_EQ(parent.next(), '\0');
}

}  // namespace
}  // namespace slotd::os
