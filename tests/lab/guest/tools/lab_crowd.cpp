// SPDX-License-Identifier: GPL-2.0-or-later
//
// lab-crowd IDLE SUBSCRIBERS NEVER_READ SLOT
//
// A crowd at slotd's control socket: so many that say nothing, so many subscribers, of which
// NEVER_READ do not read, one that sends what is no message, and one that sends a call a byte at a
// time. Prints "ready" when all are there, and goes on with each line on stdin:
//   noise N   holds and releases the slot N times; prints how many records the least lucky of the
//             reading subscribers got for that: "records R"
//   read      those who never read now do; prints "missed M": what the least told of them missed
//   malformed what became of the one that sends no message: "malformed answered, ended"
// Ends, with all connections, at the end of stdin.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

namespace {

constexpr const char* kPath = "/run/slotd/io.slotd.Coordinator";

struct Client {
    int fd = -1;
    std::string received;
    std::uint64_t records = 0;
    std::uint64_t missed = 0;
    bool ended = false;
};

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

Client connected() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, kPath, sizeof address.sun_path - 1);
    Client client;
    client.fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // A full backlog makes a blocking connect wait: slotd accepts in turns.
    if (client.fd < 0 ||
        ::connect(client.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        give_up("connect");
    }
    return client;
}

void send_all(const Client& client, const std::string& bytes) {
    if (::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
        give_up("send");
    }
}

std::string call(const std::string& method, const std::string& parameters, bool more = false) {
    std::string text =
        "{\"method\":\"io.slotd.Coordinator." + method + "\",\"parameters\":{" + parameters + "}";
    text += more ? ",\"more\":true}" : "}";
    text.push_back('\0');
    return text;
}

/// Takes what is there without waiting, and counts the records in it.
void take(Client& client) {
    char buffer[65536];
    ssize_t got = 0;
    while ((got = ::recv(client.fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
        client.received.append(buffer, static_cast<std::size_t>(got));
    }
    client.ended = client.ended || got == 0;
    std::size_t end = 0;
    while ((end = client.received.find('\0')) != std::string::npos) {
        const std::string message = client.received.substr(0, end);
        client.received.erase(0, end + 1);
        client.records += message.find("\"record\"") != std::string::npos ? 1 : 0;
        const std::size_t missed = message.find("\"missed\":");
        if (missed != std::string::npos) {
            client.missed += std::strtoull(message.c_str() + missed + 9, nullptr, 10);
        }
    }
}

/// The next reply of a client that waits for one.
void await(Client& client) {
    while (client.received.find('\0') == std::string::npos) {
        char buffer[65536];
        const ssize_t got = ::recv(client.fd, buffer, sizeof buffer, 0);
        if (got <= 0) {
            give_up("recv");
        }
        client.received.append(buffer, static_cast<std::size_t>(got));
    }
    client.received.erase(0, client.received.find('\0') + 1);
}

void say(const std::string& line) {
    std::cout << line << std::endl;
}

class Crowd {
public:
    Crowd(int idle, int subscribers, int never_read, std::string slot)
        : slot_(std::move(slot)),
          operator_(connected()),
          malformed_(connected()),
          slow_(connected()) {
        for (int count = 0; count < idle; ++count) {
            idle_.push_back(connected());
        }
        for (int count = 0; count < subscribers; ++count) {
            Client client = connected();
            send_all(client, call("Subscribe", "", true));
            (count < never_read ? never_read_ : readers_).push_back(client);
        }
        send_all(malformed_, std::string("GET / HTTP/1.1\r\n\r\n\0", 19));
        slow_call_ = call("Version", "");
    }

    void noise(int times) {
        for (Client& reader : readers_) {
            reader.records = 0;
        }
        const std::string reason(250, 'x');
        for (int count = 0; count < times; ++count) {
            send_all(operator_,
                     call("Hold", "\"slot\":\"" + slot_ + "\",\"reason\":\"" + reason + "\""));
            await(operator_);
            send_all(operator_,
                     call("Release", "\"slot\":\"" + slot_ + "\",\"reason\":\"" + reason + "\""));
            await(operator_);
            if (slow_at_ < slow_call_.size()) {
                send_all(slow_, slow_call_.substr(slow_at_++, 1));
            }
            std::ranges::for_each(readers_, take);
        }
        ::sleep(1);
        std::ranges::for_each(readers_, take);
        say("records " + std::to_string(std::ranges::min(readers_, {}, &Client::records).records));
    }

    void read_at_last() {
        // What was missed is told with the next record that fits.
        for (int turn = 0; turn < 3; ++turn) {
            std::ranges::for_each(never_read_, take);
            noise(1);
        }
        std::ranges::for_each(never_read_, take);
        say("missed " + std::to_string(std::ranges::min(never_read_, {}, &Client::missed).missed));
    }

    void tell_malformed() {
        char buffer[4096];
        const ssize_t got = ::recv(malformed_.fd, buffer, sizeof buffer, MSG_DONTWAIT);
        const bool answered =
            got > 0 &&
            std::string(buffer, static_cast<std::size_t>(got)).find("MalformedMessage") !=
                std::string::npos;
        const bool ended = ::recv(malformed_.fd, buffer, sizeof buffer, MSG_DONTWAIT) == 0;
        say(std::string("malformed ") + (answered ? "answered" : "not answered") +
            (ended ? ", ended" : ", open"));
    }

private:
    std::string slot_;
    Client operator_;
    Client malformed_;
    Client slow_;
    std::string slow_call_;
    std::size_t slow_at_ = 0;
    std::vector<Client> idle_;
    std::vector<Client> readers_;
    std::vector<Client> never_read_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: lab-crowd IDLE SUBSCRIBERS NEVER_READ SLOT\n", stderr);
        return 2;
    }
    Crowd crowd(std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]), argv[4]);
    say("ready");
    for (std::string line; std::getline(std::cin, line);) {
        if (line.starts_with("noise ")) {
            crowd.noise(std::atoi(line.c_str() + 6));
        } else if (line == "read") {
            crowd.read_at_last();
        } else if (line == "malformed") {
            crowd.tell_malformed();
        }
    }
    return 0;
}
