#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "control/access.hpp"
#include "control/control_service.hpp"
#include "os/control_client.hpp"
#include "os/control_socket.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/fake_backend.hpp"

namespace slotd::os {
namespace {

/// A listening socket that nobody accepts on.
UniqueFd bare_listener(const std::string& path) {
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), 4), 0);
    return fd;
}

class ControlListener : public testing::Test {
protected:
    ControlListener() {
        std::string pattern = testing::TempDir() + "slotd-listener-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        path_ = directory_ + "/socket";
    }

    ~ControlListener() override { std::filesystem::remove_all(directory_); }

    Result<std::unique_ptr<ControlSocket>> open(const std::string& path) {
        return ControlSocket::open(service_, {.path = path});
    }

    std::string directory_;
    std::string path_;
    fakes::FakeBackend backend_;
    control::ControlService service_{backend_, {}};
};

TEST_F(ControlListener, EverybodyMayConnectAndItIsGoneAfterwards) {
    auto socket = open(path_);
    ASSERT_TRUE(socket.has_value()) << socket.error().message();

    struct stat status {};

    ASSERT_EQ(::lstat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0666U);
    EXPECT_TRUE(ControlClient::connect(path_).has_value());

    socket->reset();

    EXPECT_EQ(::lstat(path_.c_str(), &status), -1);
}

TEST_F(ControlListener, MakesItsDirectory) {
    EXPECT_TRUE(open(directory_ + "/new/socket").has_value());
    EXPECT_EQ(open(directory_ + "/no/such/socket").error().kind, ErrorKind::NotFound);
}

TEST_F(ControlListener, ReplacesTheSocketOfADeadDaemon) {
    bare_listener(path_).reset();

    EXPECT_TRUE(open(path_).has_value());
}

TEST_F(ControlListener, ASecondInstanceIsToldSo) {
    const auto first = open(path_);
    ASSERT_TRUE(first.has_value());

    const auto second = open(path_);

    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, ErrorKind::Busy);
    EXPECT_TRUE(second.error().message().contains("another slotd serves it"));
    EXPECT_TRUE(ControlClient::connect(path_).has_value());
}

// Without our lock: systemd's socket unit, or another program.
TEST_F(ControlListener, NeverTakesASocketThatSomebodyServes) {
    const UniqueFd other = bare_listener(path_);

    EXPECT_EQ(open(path_).error().kind, ErrorKind::Busy);
    EXPECT_TRUE(ControlClient::connect(path_).has_value());
}

TEST_F(ControlListener, LeavesAloneWhatIsNoSocket) {
    std::ofstream(path_) << "precious";

    EXPECT_EQ(open(path_).error().kind, ErrorKind::Io);
    EXPECT_EQ(std::filesystem::file_size(path_), 8U);
}

TEST_F(ControlListener, RefusesAPathThatDoesNotFit) {
    EXPECT_EQ(open(directory_ + "/" + std::string(200, 'x')).error().kind, ErrorKind::Malformed);
    EXPECT_EQ(open("").error().kind, ErrorKind::Malformed);
}

// As systemd does it: the socket is descriptor 3, and it is not ours to remove.
TEST_F(ControlListener, TakesTheSocketThatSystemdPasses) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const UniqueFd listener = bare_listener(path_);
        if (listener.get() != 3 && ::dup2(listener.get(), 3) != 3) {
            ::_exit(2);
        }
        (void)::setenv("LISTEN_FDS", "1", 1);
        (void)::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        auto socket = open("/nowhere/at/all");
        const bool served = socket.has_value() && ControlClient::connect(path_).has_value();
        if (served) {
            (*socket)->ready();
        }
        const bool accepted = served && (*socket)->clients() == 1;
        ::_exit(accepted ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);

    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_TRUE(std::filesystem::exists(path_));
}

/// So many descriptors and no more, for the life of this object.
class DescriptorLimit {
public:
    explicit DescriptorLimit(rlim_t count) {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        const rlimit fewer{.rlim_cur = count, .rlim_max = before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &fewer), 0);
    }

    DescriptorLimit(const DescriptorLimit&) = delete;
    DescriptorLimit& operator=(const DescriptorLimit&) = delete;

    ~DescriptorLimit() { (void)::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

/// The number that the next descriptor will have: with it as the limit there is none left.
rlim_t next_descriptor() {
    const UniqueFd next{::dup(STDERR_FILENO)};
    return static_cast<rlim_t>(next.get());
}

bool is_readable(int fd, int patience_ms) {
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&polled, 1, patience_ms) == 1;
}

/// Turns of the loop until there is nothing to do; 1,000 where that does not come.
int turns_until_quiet(ControlSocket& socket) {
    int turns = 0;
    while (turns < 1000 && is_readable(socket.fd(), 0)) {
        socket.ready();
        ++turns;
    }
    return turns;
}

// The loop once turned for ever for a connection that could not be accepted: the descriptor that is
// kept for turning one away was not got back.
TEST_F(ControlListener, WithoutDescriptorsTurnsClientsAwayAndIsQuiet) {
    auto socket = open(path_);
    ASSERT_TRUE(socket.has_value());
    std::vector<ControlClient> clients;
    for (int count = 0; count < 10; ++count) {
        clients.push_back(std::move(*ControlClient::connect(path_)));
    }
    {
        const DescriptorLimit none_left(next_descriptor());

        EXPECT_LE(turns_until_quiet(**socket), 30);
    }
    EXPECT_EQ((*socket)->clients(), 0U);
    EXPECT_TRUE(is_readable(clients.front().fd(), 0)) << "it sees its end";

    const auto later = ControlClient::connect(path_);
    (void)turns_until_quiet(**socket);
    EXPECT_EQ((*socket)->clients(), 1U);
}

// Somebody else may have taken the one that was kept, as where the whole machine has none left.
TEST_F(ControlListener, WithNothingLeftToTurnThemAwayTheyWaitAndAreServedLater) {
    auto socket = open(path_);
    ASSERT_TRUE(socket.has_value());
    const auto client = ControlClient::connect(path_);
    ASSERT_TRUE(client.has_value());
    // Below what is open already even the one that was given up is not got back.
    std::optional<DescriptorLimit> none_left(std::in_place, 3);

    EXPECT_LE(turns_until_quiet(**socket), 30);

    none_left.reset();
    ASSERT_TRUE(is_readable((*socket)->fd(), 10'000)) << "nobody has to wake it";
    (void)turns_until_quiet(**socket);
    EXPECT_EQ((*socket)->clients(), 1U);
}

TEST(ControlPeer, IsWhoTheKernelSays) {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    const UniqueFd one{pair[0]};
    const UniqueFd other{pair[1]};

    const auto peer = peer_of(one.get());

    ASSERT_TRUE(peer.has_value());
    EXPECT_EQ(peer->uid, ::getuid());
    EXPECT_EQ(peer->pid, ::getpid());
    EXPECT_EQ(peer->gids.front(), ::getgid());
}

TEST(ControlPeer, UnitComesFromTheCgroup) {
    EXPECT_EQ(unit_in_cgroup("0::/system.slice/sshd.service\n"), "sshd.service");
    EXPECT_EQ(unit_in_cgroup("0::/user.slice/user-0.slice/session-3.scope\n"), "session-3.scope");
    EXPECT_EQ(
        unit_in_cgroup("0::/user.slice/user-0.slice/user@0.service/app.slice/x.service/sub\n"),
        "x.service");
    EXPECT_EQ(unit_in_cgroup("4:memory:/a.service\n1:name=systemd:/b.service\n"), "b.service");
    EXPECT_EQ(unit_in_cgroup("0::/\n"), "");
    EXPECT_EQ(unit_in_cgroup(""), "");
    EXPECT_EQ(unit_in_cgroup(":::::\n\n/x.service"), "");
    EXPECT_EQ(unit_in_cgroup("0::/a\x1b[2J.service\n"), "a?[2J.service");
}

}  // namespace
}  // namespace slotd::os
