#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/access.hpp"
#include "control/control_service.hpp"
#include "os/control_socket.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/fake_backend.hpp"

namespace slotd::fakes {

/// A control service over a fake backend on a real socket in a directory of its own, driven by the
/// test itself: nothing moves but while it pumps. The user who runs the test is an operator.
class ControlWorld {
public:
    /// Long enough for a loaded machine; only a failing test waits for it.
    static constexpr std::chrono::seconds kDeadline{30};

    explicit ControlWorld(control::ClientLimits limits = {});
    ~ControlWorld();
    ControlWorld(const ControlWorld&) = delete;
    ControlWorld& operator=(const ControlWorld&) = delete;

    /// Drives the socket until `reached` holds; false when the deadline comes first. `also` is a
    /// descriptor to wake up for, as `reached` may depend on it.
    bool pump_until(const std::function<bool()>& reached, int also = -1);

    /// The daemon goes away.
    void stop() { socket.reset(); }

    std::string directory;
    std::string path;
    FakeBackend backend;
    control::ControlService service;
    std::unique_ptr<os::ControlSocket> socket;
};

/// A client that says what the test wants, in whatever pieces.
class RawClient {
public:
    explicit RawClient(ControlWorld& world);

    /// All of it, with the world pumped meanwhile; false when the peer has closed or time is up.
    bool write(std::string_view bytes);
    /// As much as goes without waiting; false when the peer has closed.
    bool write_some(std::string_view bytes);
    /// All of it in one sendmsg with the descriptors, which stay the caller's as well.
    bool write_with(std::string_view bytes, const std::vector<int>& descriptors);
    /// The next message without its NUL; nullopt at the end of the stream or of the time.
    std::optional<std::string> read();
    /// True where the stream ends here, with nothing before.
    bool read_end();
    void half_close();

    void close() { fd_.reset(); }

private:
    bool fill();

    ControlWorld& world_;
    os::UniqueFd fd_;
    std::string buffer_;
    bool end_ = false;
};

/// What a child process did.
struct ChildResult {
    int exit_code = -1;  ///< -1: killed, or the time was up
    std::string out;
    std::string error;
};

/// A program running against the world; its output goes to files in the world's directory.
class Child {
public:
    /// `uid`: run as that user, without groups (needs root).
    Child(ControlWorld& world, std::vector<std::string> command, std::optional<uid_t> uid = {});
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void signal(int number) const;
    /// Pumps the world until it has ended.
    ChildResult wait();
    /// What it has printed so far.
    std::string out() const;

private:
    ControlWorld& world_;
    std::string stem_;
    pid_t pid_ = -1;
    os::UniqueFd pidfd_;
};

}  // namespace slotd::fakes
