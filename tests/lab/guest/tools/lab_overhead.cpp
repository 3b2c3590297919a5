// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-overhead SOCKET FUNCTION ROUNDS
//
// In each round one bare write to the function's `reset`, method `bus`, and then the same reset by
// slotd's hand (method `slot`, with `wait`). Prints {"bare_us": [...], "asked_us": [...]}, in
// microseconds of CLOCK_MONOTONIC: from the begin of the write to its end, and from the sending of
// the request on a connection that is open already to the finished reply. The choice of the method
// is not in the bare one; it is in the other, where slotd makes it and takes it back.
//
// The kernel's waits end with a tick, and one of a quarter of a second or more with every eighth
// tick (kernel/time/timer.c: 8 jiffies from 64 on): a reset that begins right after such a tick
// takes up to so much longer than one that begins right before it. So both kinds begin once in each
// part of eight ticks. A cost is not hidden by this: what is done before the write moves its begin,
// over all parts alike, and the median by as much.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::int64_t kTickUs = 4'000;  // CONFIG_HZ=250
constexpr std::int64_t kTicksUs = 8 * kTickUs;
// Longer than slotd's cooling down, so that no round waits for the end of the one before.
constexpr std::int64_t kPauseUs = 600'000;

std::int64_t now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "lab-overhead: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

/// A pause, and then until the clock stands at that part of eight ticks.
void rest(std::int64_t phase_us) {
    const std::int64_t after = now_us() + kPauseUs;
    const std::int64_t at = after - after % kTicksUs + kTicksUs + phase_us;
    const timespec until{at / 1'000'000, at % 1'000'000 * 1'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
}

void write_attribute(const std::string& path, std::string_view value) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, value.data(), value.size()) < 0) {
        fail(path);
    }
    (void)::close(fd);
}

std::int64_t bare(const std::string& function, std::int64_t phase_us) {
    const std::string dir = "/sys/bus/pci/devices/" + function;
    write_attribute(dir + "/reset_method", "bus");
    const int fd = ::open((dir + "/reset").c_str(), O_WRONLY | O_CLOEXEC);
    rest(phase_us);
    const std::int64_t begun_us = now_us();
    if (fd < 0 || ::write(fd, "1", 1) != 1) {
        fail("write " + dir + "/reset");
    }
    const std::int64_t took_us = now_us() - begun_us;
    (void)::close(fd);
    write_attribute(dir + "/reset_method", "default");
    return took_us;
}

int connect_to(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
        fail(path);
    }
    return fd;
}

/// With `wait` and without `more` there is one reply, the last.
std::string reply_from(int fd) {
    std::string reply;
    while (reply.empty() || reply.back() != '\0') {
        char buffer[4096];
        const ssize_t got = ::read(fd, buffer, sizeof(buffer));
        if (got <= 0) {
            fail("no reply");
        }
        reply.append(buffer, static_cast<std::size_t>(got));
    }
    return reply;
}

std::int64_t asked(int fd, const std::string& function, std::int64_t phase_us) {
    std::string call = R"({"method": "io.slotd.Coordinator.Reset", "parameters": {"target": ")" +
                       function +
                       R"(", "method": "slot", "reason": "what does it cost", "wait": true}})";
    call.push_back('\0');
    rest(phase_us);
    const std::int64_t begun_us = now_us();
    if (::write(fd, call.data(), call.size()) != static_cast<ssize_t>(call.size())) {
        fail("send");
    }
    const std::string reply = reply_from(fd);
    const std::int64_t took_us = now_us() - begun_us;
    if (reply.find(R"("succeeded":true)") == std::string::npos) {
        std::fprintf(stderr, "lab-overhead: not reset: %s\n", reply.c_str());
        std::exit(1);
    }
    return took_us;
}

void print(const char* name, const std::vector<std::int64_t>& times_us) {
    std::printf("\"%s\": [", name);
    for (std::size_t i = 0; i < times_us.size(); ++i) {
        std::printf("%s%lld", i == 0 ? "" : ", ", static_cast<long long>(times_us[i]));
    }
    std::printf("]");
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc == 4 ? std::atoi(argv[3]) : 0;
    if (rounds <= 0) {
        std::fputs("usage: lab-overhead SOCKET FUNCTION ROUNDS\n", stderr);
        return 2;
    }
    const int fd = connect_to(argv[1]);
    const std::string function = argv[2];
    std::vector<std::int64_t> bare_us;
    std::vector<std::int64_t> asked_us;
    for (int round = 0; round < rounds; ++round) {
        // Nine ticks: so each round has a part of a single tick of its own, too.
        const std::int64_t phase_us = 9 * kTickUs * round / rounds % kTicksUs;
        bare_us.push_back(bare(function, phase_us));
        asked_us.push_back(asked(fd, function, phase_us));
    }
    std::printf("{");
    print("bare_us", bare_us);
    std::printf(", ");
    print("asked_us", asked_us);
    std::printf("}\n");
    return 0;
}
