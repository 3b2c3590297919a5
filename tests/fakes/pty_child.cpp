#include "tests/fakes/pty_child.hpp"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "tests/fakes/control_world.hpp"

namespace slotd::fakes {

PtyChild::PtyChild(ControlWorld& world, std::vector<std::string> command) : world_(world) {
    std::vector<char*> argv;
    for (std::string& word : command) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    std::array<const char*, 3> environment{"TERM=xterm", "LC_ALL=C.UTF-8", nullptr};
    const winsize size{24, 80, 0, 0};
    int terminal = -1;
    pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (pid_ == 0) {
        ::execve(argv.front(), argv.data(), const_cast<char**>(environment.data()));
        ::_exit(127);
    }
    SLOTD_ASSERT(pid_ > 0);
    terminal_.reset(terminal);
    SLOTD_ASSERT(::fcntl(terminal, F_SETFL, O_NONBLOCK) == 0);
    SLOTD_ASSERT(::tcgetattr(terminal, &before_) == 0);
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

PtyChild::~PtyChild() {
    if (pid_ > 0) {
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
    }
}

void PtyChild::type(const std::string& keys) const {
    SLOTD_ASSERT(::write(terminal_.get(), keys.data(), keys.size()) ==
                 static_cast<ssize_t>(keys.size()));
}

void PtyChild::signal(int number) const {
    (void)::kill(pid_, number);
}

void PtyChild::resize(unsigned short rows, unsigned short columns) const {
    const winsize size{rows, columns, 0, 0};
    SLOTD_ASSERT(::ioctl(terminal_.get(), TIOCSWINSZ, &size) == 0);  // which sends SIGWINCH
}

void PtyChild::read() {
    std::array<char, 65536> bytes{};
    for (;;) {
        const ssize_t got = ::read(terminal_.get(), bytes.data(), bytes.size());
        if (got <= 0) {
            return;  // nothing now, or the other side is closed
        }
        written_.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

bool PtyChild::shows(const std::string& text) {
    return world_.pump_until(
        [&] {
            read();
            return written_.contains(text);
        },
        terminal_.get());
}

int PtyChild::wait() {
    int status = 0;
    const bool ended = world_.pump_until(
        [&] {
            read();
            return ::waitpid(pid_, &status, WNOHANG) == pid_;
        },
        pidfd_.get());
    read();
    if (!ended) {
        return -1;
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool PtyChild::terminal_restored() const {
    termios now{};
    return ::tcgetattr(terminal_.get(), &now) == 0 && now.c_iflag == before_.c_iflag &&
           now.c_oflag == before_.c_oflag && now.c_lflag == before_.c_lflag &&
           std::memcmp(&now.c_cc, &before_.c_cc, sizeof now.c_cc) == 0;
}

}  // namespace slotd::fakes
