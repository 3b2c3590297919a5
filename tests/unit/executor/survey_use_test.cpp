#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "action/effect.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/job.hpp"
#include "daemon/executor/port_sample.hpp"
#include "event/outcome.hpp"
#include "event/usage.hpp"
#include "os/sysfs_dir.hpp"
#include "os/vfio_calls.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_sysfs.hpp"
#include "tests/fakes/fake_use.hpp"

namespace slotd::executor {
namespace {

constexpr pci::Address kPort{0, 0, 0x1c, 0};
const std::string kPortName = "0000:00:1c.0";
const std::string kCardName = "0000:01:00.0";

struct SurveyUseTest : testing::Test {
    SurveyUseTest() {
        sysfs.root_port(kPortName, 1, 5);
        sysfs.card(kPortName, kCardName);
        use.character("pci0000:00/0000:00:1c.0/0000:01:00.0/ptp/ptp0", "248:0");
        use.process(99, "ptp4l", "/system.slice/ptp4l.service", {"/dev/ptp0"});
    }

    event::Outcome survey(const pci::Address& port, const std::string& proc_root) const {
        const CrashPoints crash{0, CrashVictim::Worker};
        const Hands hands(
            os::SysfsDir::open(sysfs.root()).value(), sysfs.state_dir(), crash,
            [] { return false; }, os::kernel_vfio(), proc_root);
        SampledPorts sampled;
        return perform(hands, sampled, action::SurveyUse{port});
    }

    static event::Outcome used() {
        event::Usage usage;
        usage.port = kPort;
        usage.functions.resize(1);
        usage.functions[0].address = {0, 1, 0, 0};
        usage.functions[0].driver = "e1000e";
        usage.processes = {{99, "ptp4l", "ptp4l.service", "/dev/ptp0", {0, 1, 0, 0}}};
        return {event::OutcomeKind::Done, 0, "", std::nullopt, usage};
    }

    fakes::FakeSysfs sysfs;
    fakes::FakeUse use{sysfs.tree()};
};

TEST_F(SurveyUseTest, SaysWhoUsesWhatIsBelowThePort) {
    EXPECT_EQ(survey(kPort, use.proc_root()), used());
}

TEST_F(SurveyUseTest, APortThatDoesNotAnswerIsSurveyedAllTheSame) {
    sysfs.silence(kPortName);

    EXPECT_EQ(survey(kPort, use.proc_root()), used());
}

TEST_F(SurveyUseTest, OnlyPortsHaveADomain) {
    EXPECT_EQ(survey({0, 1, 0, 0}, use.proc_root()).kind, event::OutcomeKind::Refused);
    EXPECT_EQ(survey({0, 9, 0, 0}, use.proc_root()).kind, event::OutcomeKind::Gone);
}

TEST_F(SurveyUseTest, WithoutProcfsNothingIsCalledUnused) {
    EXPECT_FALSE(survey(kPort, "/nonexistent").succeeded());
}

}  // namespace
}  // namespace slotd::executor
