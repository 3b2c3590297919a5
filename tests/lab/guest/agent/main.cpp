// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-agent: the host's hands and eyes in the guest. It answers requests over a virtio serial port;
// a request is {number, verb, arguments...}, an answer {number, status, stdout, stderr, started,
// ended}.
//
//   run    TIMEOUT_MS PROGRAM ARGUMENT...     run to the end
//   start  LANE PROGRAM ARGUMENT...           background; its lines go into the record; stdout =
//   pid read   TIMEOUT_MS PATH                    status "exit N": N is errno write  TIMEOUT_MS
//   PATH BYTES MODE         MODE "" = the file must exist, else create with it (octal) signal PID
//   NUMBER mark   TEXT                               a line of the host in the record clock the
//   times of the answer are all there is record FIRST                              stdout = the
//   lines from there on, stderr = where the next begin
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "jobs.hpp"
#include "recorder.hpp"

namespace lab {
namespace {

int exec_body(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words) {
        argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    std::fprintf(stderr, "%s: %s\n", argv[0], std::strerror(errno));
    std::fflush(stderr);
    return 127;
}

int read_body(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY);
    if (fd < 0) {
        return errno;
    }
    std::array<char, 65536> buffer;
    ssize_t size = 0;
    while ((size = ::read(fd, buffer.data(), buffer.size())) > 0) {
        for (ssize_t done = 0; done < size;) {
            done +=
                ::write(STDOUT_FILENO, buffer.data() + done, static_cast<std::size_t>(size - done));
        }
    }
    return size < 0 ? errno : 0;
}

int write_body(const std::string& path, const std::string& bytes, const std::string& mode) {
    const int flags = mode.empty() ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC;
    const int fd = ::open(path.c_str(), flags, std::strtoul(mode.c_str(), nullptr, 8));
    if (fd < 0) {
        return errno;
    }
    std::size_t done = 0;
    do {  // at least one write: an empty one means something to a sysfs file
        const ssize_t size = ::write(fd, bytes.data() + done, bytes.size() - done);
        if (size < 0) {
            return errno;
        }
        done += static_cast<std::size_t>(size);
    } while (done < bytes.size());
    return 0;
}

class Agent {
public:
    explicit Agent(int port_fd)
        : port_fd_(port_fd),
          jobs_(record_, [this](const Message& answer) { send(answer); }) {}

    [[noreturn]] void serve() {
        std::thread([this] { record_kernel(record_); }).detach();
        send({"0", "hello", "", "", "0", std::to_string(now_us())});
        while (true) {
            std::vector<pollfd> waited{{port_fd_, POLLIN, 0}};
            jobs_.add_waited(waited);
            (void)::poll(waited.data(), waited.size(), jobs_.poll_timeout_ms());
            if (waited[0].revents & POLLIN) {
                receive();
            }
            jobs_.service();
        }
    }

private:
    void send(const Message& answer) {
        const std::string bytes = encode(answer);
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t size = ::write(port_fd_, bytes.data() + done, bytes.size() - done);
            done += size > 0 ? static_cast<std::size_t>(size) : 0;
        }
    }

    void receive() {
        std::array<char, 65536> buffer;
        const ssize_t size = ::read(port_fd_, buffer.data(), buffer.size());
        if (size > 0) {
            received_.append(buffer.data(), static_cast<std::size_t>(size));
        }
        while (const auto message = take_message(received_)) {
            obey(*message);
        }
    }

    void answer_now(const std::string& request, const std::string& status, const std::string& out,
                    const std::string& err = "") {
        const std::string now = std::to_string(now_us());
        send({request, status, out, err, now, now});
    }

    void obey(const Message& m) {
        const std::string& request = m.at(0);
        const std::string& verb = m.at(1);
        const auto rest = [&m](std::size_t from) {
            return std::vector<std::string>(m.begin() + static_cast<std::ptrdiff_t>(from), m.end());
        };
        if (verb == "run") {
            jobs_.run(request, std::stoll(m.at(2)), [words = rest(3)] { return exec_body(words); });
        } else if (verb == "read") {
            jobs_.run(request, std::stoll(m.at(2)), [&m] { return read_body(m.at(3)); });
        } else if (verb == "write") {
            jobs_.run(request, std::stoll(m.at(2)),
                      [&m] { return write_body(m.at(3), m.at(4), m.at(5)); });
        } else if (verb == "start") {
            const pid_t pid = jobs_.start(m.at(2), [words = rest(3)] { return exec_body(words); });
            answer_now(request, "exit 0", std::to_string(pid));
        } else if (verb == "signal") {
            const int rc = ::kill(std::stoi(m.at(2)), std::stoi(m.at(3)));
            answer_now(request, "exit " + std::to_string(rc == 0 ? 0 : errno), "");
        } else if (verb == "mark") {
            record_.add(now_us(), "host", m.at(2));
            answer_now(request, "exit 0", "");
        } else if (verb == "clock") {
            answer_now(request, "exit 0", "");
        } else if (verb == "record") {
            std::size_t next = 0;
            const std::string lines = record_.lines_from(std::stoul(m.at(2)), next);
            answer_now(request, "exit 0", lines, std::to_string(next));
        } else {
            answer_now(request, "exit 22", "", "unknown verb " + verb);
        }
    }

    int port_fd_;
    Record record_;
    Jobs jobs_;
    std::string received_;
};

int open_port() {
    // The only virtio serial port there is; which number its controller got is the kernel's
    // business.
    for (int tries = 0; tries < 100; ++tries) {
        glob_t found{};
        if (::glob("/dev/vport*p1", 0, nullptr, &found) == 0) {
            return ::open(found.gl_pathv[0], O_RDWR | O_CLOEXEC);
        }
        ::usleep(50'000);
    }
    return -1;
}

}  // namespace
}  // namespace lab

int main() {
    const int fd = lab::open_port();
    if (fd < 0) {
        std::perror("lab-agent: no serial port to the host");
        return 1;
    }
    (void)::signal(SIGPIPE, SIG_IGN);
    lab::Agent(fd).serve();
}
