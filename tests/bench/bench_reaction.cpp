// How long after a uevent the first register is written: by slotd and slotd-exec, by a program that
// does no more than recv and pwrite, by one that starts a shell for it, and by udevd with a rule
// whose RUN+= does. They take turns, each in a network namespace of its own, and each write is seen
// in memory that is shared with the file, without anybody's wake-up in between.
//
// bench_reaction EVENTS SHELL_EVENTS SCRATCH SLOTS FUNCTION -- SLOTD ARGUMENTS...: SLOTS has a line
// for each slot, "<card> <devpath> <config of its port>"; FUNCTION is the devpath of a PCI function
// that this machine has, since udevd believes in no others. SCRATCH/udevd starts udevd, whose rule
// writes SCRATCH/udev. Each "rest?" on stdout is answered by a line once slotd is at rest.
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "os/unique_fd.hpp"
#include "tests/fakes/uevent_namespace.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

constexpr int kRegisterAt = 0x68;  // Slot Control: where tests/bench/bench/tree.py has it
constexpr auto kPatience = 5s;
// What follows a write is over before the next one's turn; processes end more slowly.
constexpr auto kPause = 400us;
constexpr auto kLongPause = 4ms;

/// Two bytes of a file as everybody sees them at this moment.
class Register {
public:
    explicit Register(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
        void* const at = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file_.get(), 0);
        if (at == MAP_FAILED) {
            throw std::runtime_error("cannot map " + path);
        }
        value_ = reinterpret_cast<const volatile std::uint16_t*>(static_cast<const char*>(at) +
                                                                 kRegisterAt);
    }

    std::uint16_t value() const { return *value_; }

    int fd() const { return file_.get(); }

private:
    os::UniqueFd file_;
    const volatile std::uint16_t* value_ = nullptr;
};

/// The function that an event is about.
struct Subject {
    std::string address;
    std::string devpath;
};

struct Slot {
    Subject card;
    Register port;
};

pid_t child(const std::function<void()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
        body();
        ::_exit(1);
    }
    return pid;
}

/// The whole of the program that is the floor: hear of an event, write a register.
[[noreturn]] void recv_and(const std::function<void(std::uint16_t)>& write) {
    const int socket = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    sockaddr_nl group{};
    group.nl_family = AF_NETLINK;
    group.nl_groups = 1;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&group), sizeof group) != 0) {
        ::_exit(1);
    }
    std::array<char, 8192> message{};
    for (std::uint16_t value = 1;; ++value) {
        if (::recv(socket, message.data(), message.size(), 0) <= 0) {
            ::_exit(1);
        }
        write(value);
    }
}

void run_shell(const std::string& file, std::uint16_t value) {
    // printf of the shell is built in: no second program is started.
    const std::string script = "printf '\\" + std::to_string(1 + value % 7) + "' | dd of=" + file +
                               " bs=1 seek=104 conv=notrunc 2>/dev/null";
    std::array<char*, 4> words{const_cast<char*>("sh"), const_cast<char*>("-c"),
                               const_cast<char*>(script.c_str()), nullptr};
    pid_t pid = 0;
    if (::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, words.data(), environ) == 0) {
        (void)::waitpid(pid, nullptr, 0);
    }
}

std::string properties_of(const Subject& about, const char* report) {
    return std::string("SUBSYSTEM=pci") + '\0' + "ERROR_EVENT=" + report + '\0' +
           "PCI_SLOT_NAME=" + about.address + '\0';
}

/// From before the message is sent until the register is another. The send is in it for everybody.
Micros reaction(const fakes::UeventNamespace& space, const Subject& about,
                const Register& watched) {
    const std::string properties = properties_of(about, "BEGIN_RECOVERY");
    const std::uint16_t before = watched.value();
    const auto begin = Clock::now();
    space.send("change", about.devpath, properties);
    while (watched.value() == before) {
        if (Clock::now() - begin > kPatience) {
            throw std::runtime_error("no write after a uevent about " + about.address);
        }
    }
    return Clock::now() - begin;
}

std::string blank_file(const std::string& path) {
    std::ofstream(path) << std::string(4096, '\0');
    return path;
}

std::vector<Slot> slots_in(const std::string& list) {
    std::vector<Slot> slots;
    std::ifstream lines(list);
    std::string card;
    std::string devpath;
    std::string config;
    while (lines >> card >> devpath >> config) {
        slots.push_back({{card, devpath}, Register(config)});
    }
    return slots;
}

/// Whoever looks after slotd says once for each call that every slot is at rest.
void wait_for_rest() {
    std::puts("rest?");
    (void)std::fflush(stdout);
    if (std::getchar() == EOF) {
        throw std::runtime_error("nobody says that the slots are at rest");
    }
}

/// One who is measured: the namespace that it listens in, and its times.
class Measured {
public:
    /// `pause`: until what it does after the write is over.
    Measured(const char* name, Clock::duration pause) : name_(name), pause_(pause) {
        if (!space_.entered()) {
            throw std::runtime_error("needs root");
        }
    }

    void react(const Subject& about, const Register& watched) {
        times_.push_back(reaction(space_, about, watched));
        std::this_thread::sleep_for(pause_);
    }

    void recovered(const Subject& subject) const {
        space_.send("change", subject.devpath, properties_of(subject, "SUCCESSFUL_RECOVERY"));
        std::this_thread::sleep_for(pause_);
    }

    std::size_t events() const { return times_.size(); }

    void print() const {
        std::printf("%s", name_);
        for (const Micros& one : times_) {
            std::printf(" %.2f", one.count());
        }
        std::puts("");
    }

private:
    const char* name_;
    Clock::duration pause_;
    fakes::UeventNamespace space_;
    std::vector<Micros> times_;
};

void go_before_others(int priority) {
    const sched_param wanted{.sched_priority = priority};
    if (::sched_setscheduler(0, SCHED_FIFO, &wanted) != 0) {
        throw std::runtime_error("cannot be scheduled before others");
    }
}

/// What three processes that each hand on what they get cost, whatever they do with it: hear of an
/// event, pass 28 bytes on, and on again, write a register.
void pass_on_twice_and(const std::function<void(std::uint16_t)>& write) {
    std::array<int, 2> first{};
    std::array<int, 2> second{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, first.data()) != 0 ||
        ::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, second.data()) != 0) {
        return;
    }
    std::array<char, 28> request{};
    (void)child([&] {
        while (::recv(first[1], request.data(), request.size(), 0) > 0 &&
               ::send(second[0], request.data(), request.size(), 0) > 0) {
        }
    });
    (void)child([&] {
        for (std::uint16_t value = 1; ::recv(second[1], request.data(), request.size(), 0) > 0;
             ++value) {
            write(value);
        }
    });
    recv_and([&](std::uint16_t) { (void)::send(first[0], request.data(), request.size(), 0); });
}

void measure(int argc, char** argv) {
    if (argc < 8) {
        throw std::runtime_error(
            "usage: bench_reaction EVENTS SHELL_EVENTS SCRATCH SLOTS FUNCTION "
            "-- SLOTD ARGUMENTS...");
    }
    const auto events = static_cast<std::size_t>(std::atol(argv[1]));
    const auto shell_events = static_cast<std::size_t>(std::atol(argv[2]));
    const std::string scratch = argv[3];
    const std::vector<Slot> slots = slots_in(argv[4]);
    const std::string function = argv[5];
    const Subject on_this_machine{function.substr(function.rfind('/') + 1), function};
    const Register bare(blank_file(scratch + "/bare"));
    const Register three(blank_file(scratch + "/three"));
    const Register shell(blank_file(scratch + "/shell"));
    const Register udev(blank_file(scratch + "/udev"));

    // All of them alike, and what they start: who else uses the machine is not measured.
    go_before_others(2);
    Measured for_slotd("slotd", kPause);
    (void)child([&] { (void)::execv(argv[7], argv + 7); });
    Measured for_bare("bare", kPause);
    (void)child([&] {
        recv_and([&](std::uint16_t value) {
            (void)!::pwrite(bare.fd(), &value, sizeof value, kRegisterAt);
        });
    });
    Measured for_three("three", kPause);
    (void)child([&] {
        pass_on_twice_and([&](std::uint16_t value) {
            (void)!::pwrite(three.fd(), &value, sizeof value, kRegisterAt);
        });
    });
    Measured for_shell("shell", kLongPause);
    (void)child(
        [&] { recv_and([&](std::uint16_t value) { run_shell(scratch + "/shell", value); }); });
    Measured for_udev("udev", kLongPause);
    (void)child([&] { (void)::execl((scratch + "/udevd").c_str(), "udevd", nullptr); });
    // Whoever is measured takes the observer's core where it wants one: a program of several
    // processes would else be measured with a core less than the machine has.
    go_before_others(1);
    if (slots.empty()) {
        throw std::runtime_error("needs slots");
    }

    while (for_slotd.events() < events) {
        wait_for_rest();
        for (const Slot& slot : slots) {
            for_slotd.react(slot.card, slot.port);
            for_bare.react(slot.card, bare);
            for_three.react(slot.card, three);
            if (for_shell.events() < shell_events) {
                for_shell.react(slot.card, shell);
                for_udev.react(on_this_machine, udev);
            }
        }
        for (const Slot& slot : slots) {
            for_slotd.recovered(slot.card);
        }
    }
    for (const Measured* each : {&for_slotd, &for_bare, &for_three, &for_shell, &for_udev}) {
        each->print();
    }
}

}  // namespace
}  // namespace slotd

int main(int argc, char** argv) {
    try {
        slotd::measure(argc, argv);
        return 0;
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "bench_reaction: %s\n", error.what());
        return 1;
    }
}
