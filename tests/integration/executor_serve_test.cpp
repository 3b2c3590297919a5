#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "action/effect_wire.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "daemon/executor/client.hpp"
#include "event/outcome.hpp"
#include "event/outcome_wire.hpp"
#include "os/clock.hpp"
#include "os/gate.hpp"
#include "os/passed_fds.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"
#include "tests/fakes/executor_conversation.hpp"
#include "tests/fakes/fake_driver_core.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/fake_vfio.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using event::Outcome;
using event::OutcomeKind;

constexpr pci::Address kPort{0, 0, 0x1c, 0};
constexpr pci::Address kOtherPort{0, 0, 0x1d, 0};
constexpr pci::Address kCard{0, 1, 0, 0};
const Outcome kDone{OutcomeKind::Done, 0, "", std::nullopt};
// Both of kPort's: pcie004 is pciehp, pcie002 aer.
const std::vector<std::string> kPciehpBackBeforeAer{
    "unbind 0000:00:1c.0:pcie004", "unbind 0000:00:1c.0:pcie002", "bind 0000:00:1c.0:pcie004",
    "bind 0000:00:1c.0:pcie002"};

struct ExecutorServe : testing::Test {
    ExecutorServe() {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        sysfs.card("0000:00:1c.0", "0000:01:00.0");
        sysfs.root_port("0000:00:1d.0", 2, 6);
    }

    fakes::ExecutorRun run(std::vector<std::string> more) const {
        more.insert(more.end(), {"--sysfs-root", sysfs.root(), "--state-dir", sysfs.state_dir()});
        return fakes::run_executor(more);
    }

    fakes::FakeSysfs sysfs;
};

TEST_F(ExecutorServe, ClosesAGateAndOpensItAgain) {
    fakes::ExecutorConversation talk(sysfs);

    EXPECT_EQ(talk.answer_to(action::RaiseFence{kPort}), kDone);
    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0000);
    EXPECT_EQ(talk.answer_to(action::LowerFence{kPort}), kDone);
    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0002);
    EXPECT_EQ(talk.close(), "exit code 0");
}

TEST_F(ExecutorServe, ForSurveysOnlyItRefusesTheRestAndKeepsNoGateRecord) {
    const Outcome refused{OutcomeKind::Refused, 0, "only surveys of use are made here",
                          std::nullopt};
    // A gate that somebody else has closed is not its own to open.
    fakes::ExecutorConversation closing(sysfs);
    ASSERT_EQ(closing.answer_to(action::RaiseFence{kPort}), kDone);
    fakes::ExecutorConversation talk(sysfs, {"--surveys-only"});

    EXPECT_EQ(talk.answer_to(action::SurveyUse{kPort}).kind, OutcomeKind::Done);
    EXPECT_EQ(talk.answer_to(action::LowerFence{kPort}), refused);
    EXPECT_EQ(talk.answer_to(action::ObserveSlot{kPort}), refused);
    talk.client().sample(77, {{kPort, 0}});
    EXPECT_EQ(talk.wait_for(77), refused);
    EXPECT_EQ(talk.close(), "exit code 0");
    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0000);
    EXPECT_EQ(closing.close(), "exit code 0");
}

TEST_F(ExecutorServe, ResetsACardThroughVfio) {
    const fakes::FakeDriverCore core(sysfs, {"e1000e", "vfio-pci"});
    fakes::FakeVfio::add_group(sysfs, 7, {"0000:01:00.0"});
    fakes::ExecutorConversation talk(sysfs, {}, fakes::kWithFakeVfio);

    EXPECT_EQ(talk.answer_to(action::ResetByVfio{kPort}), kDone);

    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.0 by groups 7\n");
    EXPECT_EQ(core.whose("0000:01:00.0"), "e1000e|");
}

/// A card of a virtual machine's, and slotd's side of a loan.
struct ExecutorLoan : ExecutorServe {
    ExecutorLoan() : core(sysfs, {"e1000e", "vfio-pci"}), vfio(sysfs.root()) {
        fakes::FakeVfio::add_group(sysfs, 7, {"0000:01:00.0"});
        core.give("0000:01:00.0", "vfio-pci", "vfio-pci");
    }

    /// The owner's; joined to a container.
    std::vector<os::UniqueFd> group() const {
        std::vector<os::UniqueFd> fds;
        fds.push_back(os::open_group(vfio, "7").value());
        EXPECT_TRUE(os::join_container(vfio, fds[0], os::open_container(vfio).value()));
        return fds;
    }

    /// Nobody has the group open any more: it can be opened again. A worker that outlived
    /// slotd-exec ends its job first.
    bool released() const {
        const Instant deadline = os::read_clock() + 5s;
        while (!os::open_group(vfio, "7")) {
            if (os::read_clock() > deadline) {
                return false;
            }
        }
        return true;
    }

    /// The sender's own are closed before the answer is waited for, as slotd does.
    Outcome lend(fakes::ExecutorConversation& talk, const action::Effect& effect,
                 std::vector<os::UniqueFd> fds) const {
        const event::EffectId id = talk.lend(effect, fds);
        fds.clear();
        return talk.wait_for(id);
    }

    fakes::FakeDriverCore core;
    fakes::FakeVfio vfio;
};

TEST_F(ExecutorLoan, ResetsWithLentDescriptorsAndKeepsNone) {
    fakes::ExecutorConversation talk(sysfs, {}, fakes::kWithFakeVfio);

    EXPECT_EQ(lend(talk, action::ResetByLentFds{kPort, 1}, group()), kDone);

    EXPECT_EQ(fakes::FakeVfio::resets(sysfs), "0000:01:00.0 by groups 7\n");
    EXPECT_TRUE(os::open_group(vfio, "7"));
}

TEST_F(ExecutorLoan, ClosesWhatCameWithAnythingElse) {
    fakes::ExecutorConversation talk(sysfs, {}, fakes::kWithFakeVfio);

    EXPECT_EQ(lend(talk, action::ObserveSlot{kPort}, group()),
              (Outcome{OutcomeKind::Refused, 0, "descriptors came with it, and it takes none",
                       std::nullopt}));
    EXPECT_TRUE(os::open_group(vfio, "7"));
}

TEST_F(ExecutorLoan, RefusesALoanOfNothing) {
    fakes::ExecutorConversation talk(sysfs, {}, fakes::kWithFakeVfio);

    EXPECT_EQ(lend(talk, action::ResetByLentFds{kPort, 1}, {}),
              (Outcome{OutcomeKind::Refused, 0,
                       "no descriptors were lent with it, or the loan is over", std::nullopt}));
}

TEST_F(ExecutorLoan, TakesNoMoreThanItsLimit) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const os::UniqueFd ours{ends[0]};
    executor::Client client{os::UniqueFd{ends[1]}};

    // One more than a sender of ours would take.
    struct alignas(cmsghdr) {
        std::array<char, CMSG_SPACE((os::kPassedFdsMax + 1) * sizeof(int))> bytes{};
    } control;

    char letter = 'x';
    iovec bytes{&letter, 1};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN((os::kPassedFdsMax + 1) * sizeof(int));
    const std::vector<os::UniqueFd> held = group();
    for (std::size_t index = 0; index <= os::kPassedFdsMax; ++index) {
        const int fd = held[0].get();
        std::memcpy(CMSG_DATA(part) + index * sizeof fd, &fd, sizeof fd);
    }
    ASSERT_EQ(::sendmsg(ours.get(), &message, 0), 1);

    const auto datagram = client.receive();

    ASSERT_TRUE(datagram);
    EXPECT_TRUE(datagram->passed.cut);
    EXPECT_EQ(datagram->passed.fds.size(), 0U);
}

TEST_F(ExecutorLoan, LeavesNoDescriptorOpenWhereverAProcessIsKilled) {
    for (const char* const victim : {"worker", "both"}) {
        std::string said;
        std::uint64_t point = 0;
        do {
            fakes::ExecutorConversation talk(
                sysfs, {"--crash-at", std::to_string(++point), "--crash-victim", victim},
                fakes::kWithFakeVfio);
            (void)lend(talk, action::ResetByLentFds{kPort, 1}, group());
            (void)talk.close();
            said = talk.said();
            EXPECT_TRUE(released()) << victim << " killed at point " << point;
        } while (said.contains("crash point") && point < 50);
        EXPECT_GT(point, 5U);
        EXPECT_LT(point, 50U);
    }
}

TEST_F(ExecutorServe, OpensAllGatesWhenSlotdIsGone) {
    fakes::ExecutorConversation talk(sysfs);
    ASSERT_EQ(talk.answer_to(action::RaiseFence{kPort}), kDone);
    ASSERT_EQ(talk.answer_to(action::UnbindService{kPort, pci::Service::Pciehp}), kDone);
    ASSERT_EQ(talk.answer_to(action::MaskHotplug{kOtherPort}), kDone);

    EXPECT_EQ(talk.close(), "exit code 0");

    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0002);
    EXPECT_TRUE(sysfs.bound("0000:00:1c.0:pcie004"));
    EXPECT_EQ(sysfs.get16("0000:00:1d.0", fakes::kPcieAt + 0x18), 0x1128);
    EXPECT_EQ(sysfs.state("gates"), "");
}

// A recovery that runs where pciehp is bound is how the kernel's deadlock of the two begins.
TEST_F(ExecutorServe, DrainsErrorRecoveryBeforePciehpComesBack) {
    fakes::ExecutorConversation talk(sysfs);
    ASSERT_EQ(talk.answer_to(action::UnbindService{kPort, pci::Service::Pciehp}), kDone);

    EXPECT_EQ(talk.close(), "exit code 0");

    EXPECT_EQ(sysfs.bindings(), kPciehpBackBeforeAer);
    EXPECT_EQ(sysfs.state("gates"), "");
}

TEST_F(ExecutorServe, BindsPciehpBeforeAnErrorServiceThatWasClosedAfterIt) {
    fakes::ExecutorConversation talk(sysfs);
    ASSERT_EQ(talk.answer_to(action::UnbindService{kPort, pci::Service::Pciehp}), kDone);
    ASSERT_EQ(talk.answer_to(action::UnbindService{kPort, pci::Service::Aer}), kDone);

    EXPECT_EQ(talk.close(), "exit code 0");

    EXPECT_EQ(sysfs.bindings(), kPciehpBackBeforeAer);
}

TEST_F(ExecutorServe, BindsPciehpBesideARecoveryThatHasNoEndAndSaysSo) {
    fakes::ExecutorConversation talk(sysfs, {"--deadline-max-ms", "300"});
    ASSERT_EQ(talk.answer_to(action::UnbindService{kPort, pci::Service::Pciehp}), kDone);
    const std::string unbind = "bus/pci_express/drivers/aer/unbind";
    sysfs.hang(unbind);

    // What became of aer is not known, so its gate stays in the record.
    EXPECT_NE(talk.close(), "exit code 0");

    EXPECT_TRUE(sysfs.bound("0000:00:1c.0:pcie004"));
    EXPECT_TRUE(
        talk.said().contains("pciehp is bound beside a recovery that may still run, "
                             "cannot drain service 0000:00:1c.0 aer"))
        << talk.said();
    // Its worker comes back, undoes what nobody waits for any more, and ends.
    EXPECT_EQ(sysfs.let_go(unbind), "0000:00:1c.0:pcie002\n");
    const Instant deadline = os::read_clock() + 10s;
    while (sysfs.state("gates") != "" && os::read_clock() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_EQ(sysfs.state("gates"), "");
}

TEST_F(ExecutorServe, OpensAllGatesOnSigterm) {
    fakes::ExecutorConversation talk(sysfs);
    ASSERT_EQ(talk.answer_to(action::RaiseFence{kPort}), kDone);

    talk.signal(SIGTERM);

    EXPECT_EQ(talk.wait_for_end(), "exit code 0");
    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0002);
}

TEST_F(ExecutorServe, OpensAtItsStartWhatItsPredecessorLeftClosed) {
    fakes::ExecutorConversation killed(sysfs);
    ASSERT_EQ(killed.answer_to(action::RaiseFence{kPort}), kDone);
    killed.signal(SIGKILL);
    ASSERT_EQ(killed.wait_for_end(), "signal 9");
    ASSERT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0000);

    fakes::ExecutorConversation next(sysfs);

    EXPECT_EQ(next.answer_to(action::LowerFence{kPort}).kind, OutcomeKind::AlreadySo);
    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0002);
}

TEST_F(ExecutorServe, AnswersWhatItWasAskedWithExecutorLostWhenItDies) {
    const std::string rescan = sysfs.file_of("0000:00:1c.0", "pci_bus/0000:01/rescan");
    sysfs.hang(rescan);
    fakes::ExecutorConversation talk(sysfs);
    const auto id = talk.ask(action::RescanBelow{kPort});
    ASSERT_EQ(talk.answer_to(action::ObserveSlot{kOtherPort}).kind, OutcomeKind::Done);

    talk.signal(SIGKILL);

    EXPECT_EQ(talk.wait_for(id).kind, OutcomeKind::ExecutorLost);
    EXPECT_EQ(talk.wait_for_end(), "signal 9");
    EXPECT_EQ(talk.answer_to(action::ObserveSlot{kPort}).kind, OutcomeKind::ExecutorLost);
    ASSERT_TRUE(talk.client().launch(fakes::ExecutorConversation::command(sysfs, {})));
    EXPECT_EQ(talk.answer_to(action::ObserveSlot{kPort}).kind, OutcomeKind::Done);
    (void)sysfs.let_go(rescan);  // the killed one left its worker behind
}

// The case of DESIGN.md: one call that never returns delays nothing else.
TEST_F(ExecutorServe, GoesOnWhileOneWorkerHangs) {
    const std::string rescan = sysfs.file_of("0000:00:1c.0", "pci_bus/0000:01/rescan");
    sysfs.hang(rescan);
    fakes::ExecutorConversation talk(sysfs, {"--deadline-max-ms", "300"});
    ASSERT_EQ(talk.answer_to(action::ObserveSlot{kOtherPort}).kind, OutcomeKind::Done);
    const auto hung = talk.ask(action::RescanBelow{kPort});

    const Instant before = os::read_clock();
    ASSERT_EQ(talk.answer_to(action::ObserveSlot{kOtherPort}).kind, OutcomeKind::Done);
    const Duration took = os::read_clock() - before;

    EXPECT_LT(took, 100ms);
    RecordProperty(
        "other_slot_us",
        std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    EXPECT_EQ(talk.wait_for(hung),
              (Outcome{OutcomeKind::TimedOut, 0, "rescan below 0000:00:1c.0", std::nullopt}));
    EXPECT_EQ(talk.client().outstanding(), 1U);
    EXPECT_EQ(talk.answer_to(action::RaiseFence{kOtherPort}), kDone);

    EXPECT_EQ(sysfs.let_go(rescan), "1");

    EXPECT_EQ(talk.wait_for(hung, 2), kDone);
    EXPECT_EQ(talk.client().outstanding(), 0U);
    EXPECT_EQ(talk.close(), "exit code 0");
}

// Whoever comes back after its deadline must not close a gate that nobody will open.
TEST_F(ExecutorServe, LeavesAGateOpenThatWouldBeClosedTooLate) {
    const std::string unbind = "bus/pci_express/drivers/pciehp/unbind";
    sysfs.hang(unbind);
    fakes::ExecutorConversation talk(sysfs, {"--deadline-max-ms", "300"});
    const auto hung = talk.ask(action::UnbindService{kPort, pci::Service::Pciehp});
    ASSERT_EQ(talk.wait_for(hung).kind, OutcomeKind::TimedOut);

    EXPECT_EQ(talk.answer_to(action::BindService{kPort, pci::Service::Pciehp}),
              (Outcome{OutcomeKind::Refused, 0,
                       "an earlier job about service 0000:00:1c.0 pciehp has not come back",
                       std::nullopt}));
    EXPECT_EQ(sysfs.let_go(unbind), "0000:00:1c.0:pcie004\n");

    EXPECT_EQ(talk.wait_for(hung, 2).kind, OutcomeKind::Failed);
    EXPECT_TRUE(sysfs.bound("0000:00:1c.0:pcie004"));
    EXPECT_EQ(talk.close(), "exit code 0");
}

TEST_F(ExecutorServe, RefusesMoreThanItsWorkersCanHold) {
    const std::string rescan = sysfs.file_of("0000:00:1c.0", "pci_bus/0000:01/rescan");
    sysfs.hang(rescan);
    fakes::ExecutorConversation talk(sysfs);
    for (int count = 0; count < 64; ++count) {
        (void)talk.ask(action::RescanBelow{kPort});
    }

    EXPECT_EQ(talk.answer_to(action::ObserveSlot{kOtherPort}),
              (Outcome{OutcomeKind::Refused, 0, "too many jobs have not come back", std::nullopt}));
    talk.signal(SIGKILL);
    EXPECT_EQ(talk.wait_for_end(), "signal 9");
    // A worker that comes to its write only now sees that nobody waits, and does not write.
    EXPECT_LE(sysfs.let_go(rescan).size(), 64U);
}

TEST_F(ExecutorServe, RefusesWhatItCannotReadAndGoesOn) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()), 0);
    const os::UniqueFd mine{ends[0]};
    {
        const os::UniqueFd theirs{ends[1]};
        // Its own process, with the socket as descriptor 3 and up.
        (void)::fcntl(mine.get(), F_SETFD, FD_CLOEXEC);
        auto command =
            fakes::ExecutorConversation::command(sysfs, {"--fd", std::to_string(theirs.get())});
        std::string line;
        for (const std::string& word : command) {
            line += "'" + word + "' ";
        }
        ASSERT_EQ(std::system((line + "2>/dev/null &").c_str()), 0);
    }
    Bytes unknown = action::encode({42, action::ObserveSlot{kPort}});
    unknown[3] = 200;
    const Bytes noise(70000, 0xee);

    ASSERT_GT(::send(mine.get(), noise.data(), 3, 0), 0);
    ASSERT_GT(::send(mine.get(), noise.data(), noise.size(), 0), 0);
    ASSERT_GT(::send(mine.get(), unknown.data(), unknown.size(), 0), 0);

    Bytes answer(65536);
    const ssize_t got = ::recv(mine.get(), answer.data(), answer.size(), 0);
    ASSERT_GT(got, 0);
    answer.resize(static_cast<std::size_t>(got));
    EXPECT_EQ(
        event::decode_outcome_report(answer).value(),
        (event::OutcomeReport{
            42, {OutcomeKind::Refused, 0, "find the effect that a request names", std::nullopt}}));
}

TEST_F(ExecutorServe, RefusesASecondInstance) {
    fakes::ExecutorConversation first(sysfs);
    ASSERT_EQ(first.answer_to(action::ObserveSlot{kPort}).kind, OutcomeKind::Done);

    const fakes::ExecutorRun second = run({"--open-gates"});

    EXPECT_EQ(second.exit_code, 4);
    EXPECT_EQ(second.said, "<3>slotd-exec: another slotd-exec uses " + sysfs.state_dir() + "\n");
}

TEST_F(ExecutorServe, WaitsForAnEarlierInstanceAsLongAsItIsToldToAndSaysSo) {
    fakes::ExecutorConversation first(sysfs);
    ASSERT_EQ(first.answer_to(action::RaiseFence{kPort}), kDone);
    fakes::ExecutorConversation second(sysfs, {"--patience-s", "30"});
    const auto asked = second.ask(action::ObserveSlot{kPort});
    const std::string waiting =
        "<5>slotd-exec: waiting up to 30 s for another slotd-exec, which uses " +
        sysfs.state_dir() + ", to open its gates and end\n";
    const Instant deadline = os::read_clock() + 10s;
    while (second.said() != waiting && os::read_clock() < deadline) {
        (void)::poll(nullptr, 0, 10);
    }
    ASSERT_EQ(second.said(), waiting);

    EXPECT_EQ(first.close(), "exit code 0");

    const Outcome looked = second.wait_for(asked);
    EXPECT_EQ(looked.kind, OutcomeKind::Done);
    EXPECT_FALSE(looked.observation->fenced);
    EXPECT_EQ(second.close(), "exit code 0");
}

TEST_F(ExecutorServe, NamesAGateThatItCannotOpen) {
    sysfs.tree().files().remove("bus/pci_express/drivers/pciehp");
    fakes::ExecutorConversation killed(sysfs);
    const os::Gate gate = os::ServiceGate{kPort, pci::Service::Pciehp};
    sysfs.tree().files().remove("bus/pci_express/devices/0000:00:1c.0:pcie004/driver");
    killed.signal(SIGKILL);
    ASSERT_EQ(killed.wait_for_end(), "signal 9");
    sysfs.write_state("gates",
                      os::closed_line(gate) + os::closed_line(os::HotplugGate{kPort, 0x1128}));

    const fakes::ExecutorRun opened = run({"--open-gates"});

    EXPECT_EQ(opened.exit_code, 5);
    EXPECT_NE(opened.said.find("could not open service 0000:00:1c.0 pciehp"), std::string::npos)
        << opened.said;
    EXPECT_NE(opened.said.find("opened hotplug 0000:00:1c.0"), std::string::npos) << opened.said;
}

TEST_F(ExecutorServe, OpensTheOthersWhereALineIsDamaged) {
    sysfs.set16("0000:00:1c.0", 0x3e, 0);
    sysfs.write_state("gates",
                      "garbage\n" + os::closed_line(os::FenceGate{kPort, 0x0546, 0x0002, 0x283f}));

    const fakes::ExecutorRun opened = run({"--open-gates"});

    EXPECT_EQ(opened.exit_code, 5);
    EXPECT_NE(opened.said.find("line 1 of the gate record cannot be read"), std::string::npos);
    EXPECT_EQ(sysfs.get16("0000:00:1c.0", 0x3e), 0x0002);
    EXPECT_EQ(run({"--open-gates"}).exit_code, 0);
}

TEST_F(ExecutorServe, SaysWhatIsWrongWithACall) {
    EXPECT_EQ(run({"--no-such"}).exit_code, 2);
    EXPECT_EQ(run({}).exit_code, 2);
    EXPECT_EQ(run({"--fd", "99"}).exit_code, 6);
    EXPECT_EQ(fakes::run_executor({"--sysfs-root", "/nonexistent", "--open-gates"}).exit_code, 6);
    EXPECT_EQ(fakes::run_executor(
                  {"--sysfs-root", sysfs.root(), "--state-dir", "/proc/none", "--open-gates"})
                  .exit_code,
              6);
    EXPECT_EQ(fakes::run_executor({"--version"}).exit_code, 0);
    EXPECT_EQ(fakes::run_executor({"--help"}).exit_code, 0);
}

}  // namespace
}  // namespace slotd
