// What slotd tells of itself, as the program that Prometheus users check it with reads it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/fakes/program.hpp"
#include "tests/fakes/slotd_on_files.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;
using fakes::eventually;
using fakes::Program;
using fakes::ProgramRun;
using fakes::run_program;
using testing::HasSubstr;

struct Metrics : testing::Test, fakes::SlotdOnFiles {
    Metrics() {
        sysfs.root_port("0000:00:1c.0", 1, 5);
        sysfs.card("0000:00:1c.0", "0000:01:00.0");
        configure("[coordinator]\nlevel = \"exclusive\"\n");
    }

    bool tells(const std::string& line) const {
        return slotctl({"metrics"}).out.find("\n" + line + "\n") != std::string::npos;
    }
};

TEST_F(Metrics, TellOfSlotsGatesAndWhatWasAskedFor) {
    Program slotd(command());
    ASSERT_TRUE(eventually([&] {
        return tells("slotd_slot_phase{port=\"0000:00:1c.0\",slot=\"5\",phase=\"idle\"} 1") &&
               tells("slotd_history_usable 1");
    })) << slotd.error();
    EXPECT_TRUE(tells("slotd_gate_closed{port=\"0000:00:1c.0\",slot=\"5\",gate=\"pciehp\"} 1"));

    const ProgramRun reset =
        slotctl({"reset", "0000:01:00.0", "--method", "flr", "--reason", "test", "--wait"});

    EXPECT_EQ(reset.code, 0) << reset.error;
    EXPECT_TRUE(tells("slotd_requests_total{outcome=\"recovered\"} 1"));
    EXPECT_TRUE(tells("slotd_incidents_total{cause=\"request\",outcome=\"recovered\"} 1"));
    EXPECT_TRUE(tells("slotd_incident_recovery_seconds_count{cause=\"request\"} 1"));
    EXPECT_TRUE(
        tells("slotd_attempts_total{step=\"flr\",by=\"operator\",outcome=\"succeeded\"} 1"));
    EXPECT_TRUE(tells("slotd_hook_inquiries_total{answer=\"agreed\"} 1"));
    EXPECT_TRUE(tells("slotd_records_total{kind=\"incident-closed\"} 1"));
    EXPECT_TRUE(tells("slotd_clients 1"));
    const std::string text = slotctl({"metrics"}).out;
    EXPECT_THAT(text, HasSubstr("slotd_gate_closed_seconds_total{port=\"0000:00:1c.0\",slot=\"5\","
                                "gate=\"pciehp\"} "));
    EXPECT_THAT(text, testing::ContainsRegex("slotd_effects_total.outcome=\"done\". [1-9]"));
}

TEST_F(Metrics, OfTheTextfileAreWhatPromtoolAccepts) {
    Program slotd(command());
    const std::string file = folder.path("slotd.prom");
    ASSERT_TRUE(eventually([&] {
        return slotctl({"metrics", "--textfile", file}).code == 0;
    })) << slotd.error();

    const ProgramRun check = run_program({"/bin/sh", "-c", "promtool check metrics < " + file});

    EXPECT_EQ(check.code, 0) << "promtool (scripts/install-packages): " << check.out << check.error;
    EXPECT_EQ(check.out + check.error, "");
    EXPECT_THAT(folder.read("slotd.prom"), HasSubstr("\nslotd_history_usable "));
}

}  // namespace
}  // namespace slotd
