// A user space driver lends slotd its descriptors: through slotd to slotd-exec and closed again.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/program.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

os::UniqueFd connected(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    SLOTD_ASSERT(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    os::UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    SLOTD_ASSERT(::connect(socket.get(), generic, sizeof address) == 0);
    return socket;
}

/// One message, or what came of it until the time was up.
std::string message_from(int socket) {
    std::string message;
    pollfd waiting{socket, POLLIN, 0};
    while (!message.ends_with('\0') && ::poll(&waiting, 1, 30'000) == 1) {
        std::array<char, 4096> bytes{};
        const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (got <= 0) {
            break;
        }
        message.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return message;
}

TEST(DaemonLoan, IsClosedEverywhereWhenTheResetIsAnswered) {
    fakes::FakeSysfs sysfs;
    const fakes::TempDir folder;
    sysfs.root_port("0000:00:1c.0", 1, 5);
    sysfs.card("0000:00:1c.0", "0000:01:00.0");
    const std::string socket = folder.path("control");
    fakes::Program slotd({SLOTD_BINARY_DIR "/slotd", "--sysfs-root", sysfs.root(),
                          "--control-socket", socket, "--executor-state-dir", sysfs.state_dir(),
                          "--history-directory", folder.path("history")});
    ASSERT_TRUE(fakes::eventually([&] {
        return fakes::run_program(
                   {SLOTD_BINARY_DIR "/slotctl", "show", "5", "--json", "--socket", socket})
            .out.contains("\"phase\":\"idle\"");
    })) << slotd.error();
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const os::UniqueFd reading{ends[0]};
    std::vector<os::UniqueFd> lent;
    lent.emplace_back(ends[1]);
    control::ResetTarget target;
    target.target = "5";
    target.method = event::ResetMethod::Vfio;
    target.reason = "test";
    target.wait = true;
    target.lend = true;
    const std::string call = control::encode_call(target, false);

    const os::UniqueFd client = connected(socket);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(call.data());
    ASSERT_EQ(os::send_with_fds(client.get(), std::span(bytes, call.size()), lent, 0),
              static_cast<ssize_t>(call.size()));
    lent.clear();
    const std::string reply = message_from(client.get());

    // The card of this tree is not user space's: slotd-exec's words about a loan, so it arrived.
    EXPECT_THAT(reply, HasSubstr("0000:01:00.0 has driver e1000e and not vfio-pci"));
    pollfd closed{reading.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&closed, 1, 10'000), 1) << "somebody still has the descriptor";
    EXPECT_NE(closed.revents & POLLHUP, 0);
    slotd.signal(SIGTERM);
    EXPECT_EQ(slotd.wait(10s), 0) << slotd.error();
}

}  // namespace
}  // namespace slotd
