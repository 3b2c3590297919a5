#pragma once

#include <sys/types.h>
#include <termios.h>

#include <functional>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"
#include "tests/fakes/control_world.hpp"

namespace slotd::fakes {

/// A program on a terminal of its own, 80 by 24, with TERM=xterm and no colour forbidden.
class PtyChild {
public:
    PtyChild(ControlWorld& world, std::vector<std::string> command);
    ~PtyChild();
    PtyChild(const PtyChild&) = delete;
    PtyChild& operator=(const PtyChild&) = delete;

    void type(const std::string& keys) const;
    void signal(int number) const;
    void resize(unsigned short rows, unsigned short columns) const;
    /// Pumps the world until everything that was written to the terminal since the last forget()
    /// has `text` in it.
    bool shows(const std::string& text);

    void forget() { written_.clear(); }

    const std::string& written() const { return written_; }

    /// Pumps the world until it has ended: its exit code, -1 where a signal or the deadline ended
    /// it.
    int wait();
    /// Whether the terminal is set as it was before.
    bool terminal_restored() const;

private:
    void read();

    ControlWorld& world_;
    pid_t pid_ = -1;
    os::UniqueFd terminal_;  ///< the side where the person sits
    os::UniqueFd pidfd_;
    termios before_{};
    std::string written_;
};

}  // namespace slotd::fakes
