// Hooks on real sockets in a folder of their own, in a real loop; nobody waits for a clock but the
// one test whose hook never answers.
#include "daemon/hooks.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/hook.hpp"
#include "event/outcome.hpp"
#include "os/event_loop.hpp"
#include "os/unique_fd.hpp"

namespace slotd::daemon {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct HooksTest : testing::Test {
    HooksTest() { fs::remove_all(folder), fs::create_directories(folder); }

    ~HooksTest() override { fs::remove_all(folder); }

    /// Listens, and answers each connection with `reply` at once; with nothing where it is empty.
    void hook(const std::string& name, const std::string& reply) {
        os::UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, (folder / name).c_str(), sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
        ASSERT_EQ(::listen(socket.get(), 4), 0);
        watches.push_back(loop.watch(socket.get(), os::Turn::Client,
                                     [this, fd = socket.get(), reply](os::Ready) {
                                         os::UniqueFd peer{::accept(fd, nullptr, nullptr)};
                                         (void)::send(peer.get(), reply.data(), reply.size(), 0);
                                         connections.push_back(std::move(peer));
                                     })
                              .value());
        sockets.push_back(std::move(socket));
    }

    std::string ask(Duration patience = 60s) {
        std::optional<event::Outcome> got;
        Hooks hooks(folder.string(), patience, loop,
                    [&](event::EffectId id, const event::Outcome& outcome) {
                        EXPECT_EQ(id, 7U);
                        got = outcome;
                    });
        hooks.ask(7, {});
        EXPECT_FALSE(got) << "not from within ask()";
        while (!got) {
            (void)loop.run_once(1s);
        }
        return got->to_string();
    }

    const std::string agree = control::encode_reply(control::HookAnswer{true, {}});
    const std::string object = control::encode_reply(control::HookAnswer{false, "path in use"});
    fs::path folder = fs::path("/tmp") / (std::string("slotd-hooks-") + std::to_string(::getpid()));
    os::EventLoop loop = os::EventLoop::open().value();
    std::vector<os::UniqueFd> sockets;
    std::vector<os::UniqueFd> connections;
    std::vector<os::Watch> watches;
};

TEST_F(HooksTest, WithoutAHookNobodyObjects) {
    std::ofstream(folder / "README") << "not a socket\n";
    EXPECT_EQ(ask(), "done");
    fs::remove_all(folder);
    EXPECT_EQ(ask(), "done");
}

TEST_F(HooksTest, AllHaveToAgree) {
    hook("a", agree);
    hook("b", agree);
    EXPECT_EQ(ask(), "done");
    hook("c", object);
    EXPECT_EQ(ask(), "refused: hook c: path in use");
}

TEST_F(HooksTest, OneThatIsNotUnderstoodOrGoesAwayObjects) {
    hook("a", std::string("{}") + '\0');
    EXPECT_EQ(
        ask(),
        "refused: hook a: failed to understand the hook's reply: it has no parameters: malformed");
}

TEST_F(HooksTest, OneThatNobodyListensToObjects) {
    hook("a", agree);
    watches.clear();
    sockets.clear();
    EXPECT_TRUE(ask().starts_with("refused: "));
}

TEST_F(HooksTest, SilenceIsAnObjectionAfterThePatience) {
    hook("a", "");
    EXPECT_EQ(ask(20ms), "refused: hook a: no answer within 20 ms");
}

TEST_F(HooksTest, MoreThanAreAllowedObject) {
    for (std::size_t i = 0; i <= Hooks::kHooksMax; ++i) {
        hook("hook-" + std::to_string(i), agree);
    }
    EXPECT_TRUE(ask().starts_with("refused: "));
}

}  // namespace
}  // namespace slotd::daemon
