#include "os/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "action/record.hpp"
#include "os/journal_text.hpp"
#include "os/unique_fd.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::os {
namespace {

using action::Record;

Record record(const std::string& text) {
    Record record;
    record.text = text;
    return record;
}

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
        (void)::fcntl(read_end.get(), F_SETFL,
                      O_NONBLOCK);  // the readers of these tests never wait
    }

    std::string read_all() const {
        std::string text;
        std::array<char, 4096> buffer{};
        for (ssize_t got = 0; (got = ::read(read_end.get(), buffer.data(), buffer.size())) > 0;) {
            text.append(buffer.data(), static_cast<std::size_t>(got));
        }
        return text;
    }

    UniqueFd read_end;
    UniqueFd write_end;
};

/// A journald that takes datagrams and hangs whenever it likes.
class FakeJournald {
public:
    explicit FakeJournald(const fakes::TempDir& dir) : path_(dir.path("socket")) { start(); }

    void start() {
        socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        (void)path_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
        (void)::unlink(path_.c_str());
        EXPECT_EQ(
            ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }

    void stop() { socket_.reset(); }

    /// The next datagram; empty when there is none.
    std::string next() const {
        std::array<char, 65536> buffer{};
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        return got <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
    }

    const std::string& path() const { return path_; }

private:
    std::string path_;
    UniqueFd socket_;
};

std::string stream_of(const UniqueFd& fd) {
    struct stat status {};

    EXPECT_EQ(::fstat(fd.get(), &status), 0);
    return fmt::format("{}:{}", status.st_dev, status.st_ino);
}

TEST(Journal, WritesToJournaldIfStderrIsItsStream) {
    const fakes::TempDir dir;
    const FakeJournald journald(dir);
    const Pipe pipe;
    Journal journal =
        Journal::open(stream_of(pipe.write_end), pipe.write_end.get(), journald.path().c_str());

    journal.write(record("hello"));

    EXPECT_TRUE(journal.writes_to_journald());
    EXPECT_EQ(journald.next(), journal_datagram(record("hello")));
    EXPECT_EQ(pipe.read_all(), "");
}

// Started by hand below a service, stderr redirected: $JOURNAL_STREAM is inherited but names
// another file.
TEST(Journal, WritesToStderrIfThatIsNotTheJournalsStream) {
    const fakes::TempDir dir;
    const FakeJournald journald(dir);
    const Pipe pipe;
    for (const std::string& stream : {std::string(), std::string("1:2"), std::string("nonsense")}) {
        Journal journal = Journal::open(stream, pipe.write_end.get(), journald.path().c_str());

        journal.write(record("hello"));

        EXPECT_FALSE(journal.writes_to_journald());
        EXPECT_EQ(pipe.read_all(), "<6>hello\n");
    }
    EXPECT_EQ(journald.next(), "");
}

TEST(Journal, WritesToStderrWithoutJournald) {
    const Pipe pipe;
    Journal journal = Journal::open(stream_of(pipe.write_end), pipe.write_end.get(), "/nowhere");

    journal.write(record("hello"));

    EXPECT_EQ(pipe.read_all(), "<6>hello\n");
}

TEST(Journal, DropsLinesThatAFullPipeDoesNotTakeAndSaysHowManyLater) {
    const Pipe pipe;
    Journal journal = Journal::open("", pipe.write_end.get());
    const std::string big(10'000, 'x');  // fills a page of the pipe to the last byte

    std::size_t written = 0;
    for (; journal.dropped() < 2 && written < 1000; ++written) {
        journal.write(record(big));
    }
    ASSERT_EQ(journal.dropped(), 2U);
    EXPECT_EQ(pipe.read_all().size(), (written - 2) * stderr_line(record(big)).size());
    journal.write(record("there again"));

    EXPECT_EQ(pipe.read_all(), stderr_line(dropped_lines(2)) + "<6>there again\n");
    EXPECT_EQ(journal.dropped(), 0U);
}

TEST(Journal, LeavesTheFlagsOfAnInheritedPipeAlone) {
    const Pipe pipe;

    const Journal journal = Journal::open("", pipe.write_end.get());

    EXPECT_EQ(::fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Journal, DropsLinesThatAHangingJournaldDoesNotTake) {
    const fakes::TempDir dir;
    const FakeJournald journald(dir);
    const Pipe pipe;
    Journal journal =
        Journal::open(stream_of(pipe.write_end), pipe.write_end.get(), journald.path().c_str());

    std::uint64_t written = 0;
    while (journal.dropped() == 0 && written < 100'000) {
        journal.write(record("hello"));
        ++written;
    }
    ASSERT_EQ(journal.dropped(), 1U);
    while (!journald.next().empty()) {
    }
    journal.write(record("there again"));

    EXPECT_EQ(journald.next(), journal_datagram(dropped_lines(1)));
    EXPECT_EQ(journald.next(), journal_datagram(record("there again")));
}

TEST(Journal, FindsJournaldAgainAfterARestart) {
    const fakes::TempDir dir;
    FakeJournald journald(dir);
    const Pipe pipe;
    Journal journal =
        Journal::open(stream_of(pipe.write_end), pipe.write_end.get(), journald.path().c_str());

    journald.stop();
    journal.write(record("lost"));
    journald.start();
    journal.write(record("there again"));

    EXPECT_EQ(journald.next(), journal_datagram(dropped_lines(1)));
    EXPECT_EQ(journald.next(), journal_datagram(record("there again")));
}

TEST(Journal, WritesToAFileAndToASocketToo) {
    const fakes::TempDir dir;
    const std::string path = dir.path("log");
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd here(ends[0]);
    const UniqueFd there(ends[1]);

    Journal::open("", file.get()).write(record("to a file"));
    Journal::open("", here.get()).write(record("to a socket"));

    EXPECT_EQ(dir.read("log"), "<6>to a file\n");
    std::array<char, 64> buffer{};
    const ssize_t got = ::recv(there.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    EXPECT_EQ(std::string_view(buffer.data(), got < 0 ? 0 : static_cast<std::size_t>(got)),
              "<6>to a socket\n");
}

TEST(Journal, DropsLinesOfAProcessWithoutStderr) {
    Journal journal = Journal::open("", -1);

    journal.write(record("to nobody"));

    EXPECT_EQ(journal.dropped(), 1U);
}

}  // namespace
}  // namespace slotd::os
