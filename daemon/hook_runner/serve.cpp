#include "daemon/hook_runner/serve.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "control/framing.hpp"
#include "control/hook.hpp"
#include "control/message.hpp"
#include "daemon/hook_runner/run_program.hpp"
#include "os/clock.hpp"

namespace slotd::hook_runner {

namespace {

using namespace std::chrono_literals;

/// Whoever connects and says nothing does not keep the others waiting.
constexpr int kCallWithinMs = 5000;

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<std::string> read_call(int fd) {
    control::Framing framing(control::kCallBytesMax);
    std::array<char, 4096> piece{};
    for (;;) {
        if (auto message = framing.next()) {
            return message;
        }
        pollfd waiting{fd, POLLIN, 0};
        if (framing.broken() || ::poll(&waiting, 1, kCallWithinMs) <= 0) {
            return std::nullopt;
        }
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got > 0) {
            framing.push({piece.data(), static_cast<std::size_t>(got)});
        } else if (got == 0 || errno != EINTR) {
            return std::nullopt;
        }
    }
}

void reply(int fd, std::string_view message) {
    // Whoever has gone does not need it.
    (void)::send(fd, message.data(), message.size(), MSG_NOSIGNAL);
}

control::HookAnswer run(const control::HookRun& wanted, const std::vector<std::string>& programs) {
    std::vector<std::string> environment = wanted.environment;
    environment.emplace_back(kPath);
    const Instant deadline = os::read_clock() + wanted.patience;
    for (const std::string& program : programs) {
        const Ended ended =
            run_program(program, wanted.before ? "before" : "after", environment, deadline);
        if (wanted.before && !ended.well) {
            return {false, std::filesystem::path(program).filename().string() + ": " + ended.why};
        }
    }
    return {true, {}};
}

}  // namespace

std::vector<std::string> programs_in(const std::vector<std::string>& directories) {
    std::map<std::string, std::string> by_name;
    for (const std::string& directory : directories) {
        std::error_code error;
        std::filesystem::directory_iterator at(directory, error);
        for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
            by_name.emplace(at->path().filename().string(), at->path().string());
        }
    }
    std::vector<std::string> programs;
    for (const auto& [name, path] : by_name) {
        std::error_code gone;
        if (std::filesystem::is_regular_file(path, gone) && ::access(path.c_str(), X_OK) == 0) {
            programs.push_back(path);
        }
    }
    return programs;
}

bool serve(int fd, const std::vector<std::string>& directories) {
    const auto message = read_call(fd);
    if (!message) {
        return false;
    }
    const auto call = control::decode_hook_call(*message);
    if (!call) {
        reply(fd, control::encode_hook_error(call.error().message()));
        return false;
    }
    reply(fd, control::encode_reply(run(*call, programs_in(directories))));
    return true;
}

}  // namespace slotd::hook_runner
