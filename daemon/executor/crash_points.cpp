#include "daemon/executor/crash_points.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "action/record.hpp"
#include "base/assert.hpp"
#include "daemon/executor/say.hpp"

namespace slotd::executor {

CrashPoints::CrashPoints(std::uint64_t at, CrashVictim victim)
    : at_(at),
      victim_(victim),
      executor_(::getpid()),
      client_(::getppid()) {
    void* const shared =
        ::mmap(nullptr, sizeof(*count_), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SLOTD_ASSERT(shared != MAP_FAILED);
    count_ = new (shared) std::atomic<std::uint64_t>(0);
}

CrashPoints::~CrashPoints() {
    (void)::munmap(count_, sizeof(*count_));
}

void CrashPoints::reach(std::string_view name) const {
    if (at_ == 0) {
        return;
    }
    const std::uint64_t number = count_->fetch_add(1) + 1;
    if (number != at_) {
        return;
    }
    const bool in_executor = ::getpid() == executor_;
    say(action::Priority::Warning,
        fmt::format("crash point {} ({}): {}", number, in_executor ? "executor" : "worker", name));
    if (victim_ == CrashVictim::Client) {
        (void)::kill(client_, SIGKILL);
        return;
    }
    // A point in slotd-exec itself has no worker to kill.
    if (in_executor || victim_ != CrashVictim::Worker) {
        (void)::kill(executor_, SIGKILL);
    }
    if (in_executor || victim_ != CrashVictim::Executor) {
        (void)::kill(::getpid(), SIGKILL);
    }
}

}  // namespace slotd::executor
