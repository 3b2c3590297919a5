// slotd-exec where the machine itself is in trouble: no processes, no descriptors, a stderr that
// takes nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "os/gate_record.hpp"
#include "os/unique_fd.hpp"
#include "pci/address.hpp"
#include "tests/fakes/executor_conversation.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/program.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using event::Outcome;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
const Outcome kDone{OutcomeKind::Done, 0, "", std::nullopt};

struct ExecutorTrouble : testing::Test {
    ExecutorTrouble() {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        sysfs.card("0000:00:1c.0", "0000:01:00.0");
    }

    fakes::FakeSysfs sysfs;
};

/// A pipe as stderr of slotd-exec, full from the beginning.
struct FullPipe {
    FullPipe() {
        folder.make_fifo("stderr");
        pipe.reset(::open(folder.path("stderr").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        const std::string block(4096, 'x');
        while (::write(pipe.get(), block.data(), block.size()) > 0) {
        }
    }

    /// Everything that is in it by now.
    std::string drain() const {
        std::string all;
        std::string block(65536, '\0');
        for (ssize_t got = 1; got > 0;) {
            got = ::read(pipe.get(), block.data(), block.size());
            all.append(block.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        }
        return all;
    }

    fakes::TempDir folder;
    os::UniqueFd pipe;
};

// It once waited for whoever reads the journal, with gates closed.
TEST_F(ExecutorTrouble, WaitsForNobodyWhoReadsItsLinesAndSaysLaterHowManyWereLost) {
    const FullPipe full;
    fakes::ExecutorConversation talk(sysfs, {"--surveys-only"}, "slotd-exec",
                                     full.folder.path("stderr"));
    const Outcome refused{OutcomeKind::Refused, 0, "only surveys of use are made here",
                          std::nullopt};

    EXPECT_EQ(talk.answer_to(action::RaiseFence{kPort}), refused);
    EXPECT_EQ(talk.answer_to(action::RaiseFence{kPort}), refused);
    EXPECT_EQ(full.drain().find("slotd-exec"), std::string::npos);

    EXPECT_EQ(talk.answer_to(action::RaiseFence{kPort}), refused);
    const std::string said = full.drain();
    EXPECT_TRUE(said.contains("2 lines before this one were lost")) << said;
    EXPECT_TRUE(said.contains("refused to raise fence of 0000:00:1c.0")) << said;
}

TEST_F(ExecutorTrouble, GoesOnWhereNobodyReadsItsLinesAnyMore) {
    std::optional<FullPipe> pipe(std::in_place);
    fakes::ExecutorConversation talk(sysfs, {"--surveys-only"}, "slotd-exec",
                                     pipe->folder.path("stderr"));
    ASSERT_EQ(talk.answer_to(action::RaiseFence{kPort}).kind, OutcomeKind::Refused);
    (void)pipe->drain();
    pipe->pipe.reset();

    EXPECT_EQ(talk.answer_to(action::RaiseFence{kPort}).kind, OutcomeKind::Refused);
    EXPECT_EQ(talk.close(), "exit code 0");
}

// As where RLIMIT_NPROC, TasksMax= or memory leave no room for another process. Descriptors stand
// for them here: they are counted for root too, and a worker needs both at the same place.
TEST_F(ExecutorTrouble, WithoutRoomForAWorkerRefusesAtOnceAndGoesOnWhenThereIsSome) {
    fakes::ExecutorConversation talk(sysfs);
    // It is up, and has no worker yet: this needs none.
    ASSERT_EQ(talk.answer_to(action::ResetByLentFds{}).kind, OutcomeKind::Refused);
    ASSERT_TRUE(talk.leave_descriptors(1));

    const Outcome refused = talk.answer_to(action::RaiseFence{kPort});

    EXPECT_EQ(refused.kind, OutcomeKind::Refused);
    EXPECT_TRUE(refused.context.contains("make the channel of a worker")) << refused.context;
    EXPECT_EQ(os::GateRecord(sysfs.state_dir()).load().value(), os::ClosedGates{});
    ASSERT_TRUE(talk.leave_descriptors(100));
    EXPECT_EQ(talk.answer_to(action::RaiseFence{kPort}), kDone);
    EXPECT_EQ(talk.answer_to(action::LowerFence{kPort}), kDone);
    EXPECT_EQ(talk.close(), "exit code 0");
}

// The worst moment: slotd is gone, a gate is closed, and no process can be made to open it.
TEST_F(ExecutorTrouble, WithoutRoomForAWorkerAGateStaysInTheRecordAndNothingWaits) {
    fakes::ExecutorConversation talk(sysfs);
    ASSERT_EQ(talk.answer_to(action::RaiseFence{kPort}), kDone);
    for (const pid_t worker : talk.workers()) {
        (void)::kill(worker, SIGKILL);
    }
    ASSERT_TRUE(fakes::eventually([&] { return talk.workers().empty(); }));
    ASSERT_TRUE(talk.leave_descriptors(1));  // for the record

    EXPECT_EQ(talk.close(), "see slotd-exec open all gates (exit code 5)");
    EXPECT_TRUE(talk.said().contains("could not open fence 0000:00:1c.0")) << talk.said();

    const fakes::ExecutorRun later = fakes::run_executor(
        {"--open-gates", "--sysfs-root", sysfs.root(), "--state-dir", sysfs.state_dir()});
    EXPECT_EQ(later.exit_code, 0) << later.said;
    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0002);
}

/// A file below the tree that nobody can write to, as configuration space is under lockdown.
class Unwritable {
public:
    explicit Unwritable(std::string path)
        : path_(std::move(path)),
          mounted_(::mount(path_.c_str(), path_.c_str(), "", MS_BIND, nullptr) == 0 &&
                   ::mount("", path_.c_str(), "", MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0) {
    }

    Unwritable(const Unwritable&) = delete;
    Unwritable& operator=(const Unwritable&) = delete;

    ~Unwritable() { (void)::umount2(path_.c_str(), MNT_DETACH); }

    explicit operator bool() const { return mounted_; }

private:
    std::string path_;
    bool mounted_;
};

// A fence that could not be raised once stayed in the gate record for ever, since what undid it
// could not be written either; slotd-exec then never ended well.
TEST_F(ExecutorTrouble, WhereRegistersCannotBeWrittenNoGateIsLeftInTheRecord) {
    const Unwritable config(sysfs.root() + "/" + sysfs.file_of("0000:00:1c.0", "config"));
    if (!config) {
        GTEST_SKIP() << "SKIPPED: a read-only mount needs root";
    }
    fakes::ExecutorConversation talk(sysfs);

    EXPECT_EQ(talk.answer_to(action::RaiseFence{kPort}).kind, OutcomeKind::Refused);
    EXPECT_EQ(talk.answer_to(action::MaskHotplug{kPort}).kind, OutcomeKind::Refused);

    EXPECT_EQ(os::GateRecord(sysfs.state_dir()).load().value(), os::ClosedGates{}) << talk.said();
    EXPECT_EQ(talk.answer_to(action::ResetFunction{{0, 1, 0, 0}, action::KernelReset::Flr}), kDone);
    EXPECT_EQ(talk.close(), "exit code 0") << talk.said();
}

// What it did not see in time it must not call wedged: the worker may have come back long ago, or
// been stopped as well.
TEST_F(ExecutorTrouble, StoppedPastADeadlineItGivesTheWorkerItsWholeTimeOnceMore) {
    const std::string rescan = sysfs.file_of("0000:00:1c.0", "pci_bus/0000:01/rescan");
    sysfs.hang(rescan);
    fakes::ExecutorConversation talk(sysfs, {"--deadline-max-ms", "1500"});
    const auto hung = talk.ask(action::RescanBelow{kPort});
    ASSERT_TRUE(fakes::eventually([&] { return talk.workers().size() == 1; }));
    talk.signal(SIGSTOP);
    const Instant stopped = fakes::clock_now();

    ASSERT_TRUE(fakes::eventually([&] { return fakes::clock_now() - stopped > 1600ms; }));
    talk.signal(SIGCONT);
    EXPECT_EQ(sysfs.let_go(rescan), "1");

    EXPECT_EQ(talk.wait_for(hung), kDone);
    EXPECT_EQ(talk.close(), "exit code 0");
}

}  // namespace
}  // namespace slotd
