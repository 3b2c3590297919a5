#include "daemon/executor/file_lock.hpp"

#include <sys/file.h>
#include <time.h>

#include "base/time.hpp"
#include "os/clock.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

namespace {

constexpr timespec kBetweenTries{.tv_sec = 0, .tv_nsec = 5'000'000};

}  // namespace

bool lock_within(const os::UniqueFd& file, Duration patience) {
    const Instant deadline = os::read_clock() + patience;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (os::read_clock() >= deadline) {
            return false;
        }
        (void)::nanosleep(&kBetweenTries, nullptr);  // cut short, it only tries sooner
    }
    return true;
}

}  // namespace slotd::executor
