#include "daemon/executor/worker_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <string>

#include "base/time.hpp"
#include "daemon/executor/file_lock.hpp"
#include "os/unique_fd.hpp"

namespace slotd::executor {

namespace {

os::UniqueFd open_lock(const std::string& state_dir) {
    const std::string path = state_dir + "/workers";
    return os::UniqueFd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
}

}  // namespace

os::UniqueFd hold_worker_lock(const std::string& state_dir) {
    os::UniqueFd lock = open_lock(state_dir);
    // Nobody has it for himself but for a moment, at a start.
    while (lock && ::flock(lock.get(), LOCK_SH) != 0 && errno == EINTR) {
    }
    return lock;
}

bool wait_for_workers(const std::string& state_dir, Duration patience) {
    const os::UniqueFd lock = open_lock(state_dir);
    return !lock || lock_within(lock, patience);
}

}  // namespace slotd::executor
