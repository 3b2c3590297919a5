#include "metrics/scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "event/kernel_event.hpp"
#include "metrics/families.hpp"
#include "metrics/meter.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd::metrics {
namespace {

using namespace std::chrono_literals;
using fakes::at;
using fakes::RunningEngine;
using policy::Level;
using testing::HasSubstr;

std::string told_of(const RunningEngine& world, Meter& meter, Format format = Format::OpenMetrics) {
    Scene scene = scene_of(world.engine.coordinator(), world.now);
    scene.version = "1.2";
    scene.started_at = 1700000000.5;
    scene.clients = 3;
    return metrics_text(meter, scene, world.now, format);
}

/// The lines of one name, comments left out.
std::string lines_of(const std::string& text, const std::string& name) {
    std::istringstream stream(text);
    std::string lines;
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with(name + "{") || line.starts_with(name + " ")) {
            lines += line + "\n";
        }
    }
    return lines;
}

TEST(Scene, TellsOfEachSlot) {
    RunningEngine world(fakes::machine_with_nested_slots(), Level::Exclusive, true);
    world.pass(2s);
    Meter meter;

    const std::string text = told_of(world, meter);

    EXPECT_EQ(lines_of(text, "slotd_slot_info"),
              "slotd_slot_info{port=\"0000:00:02.0\",slot=\"1\",root_port=\"0000:00:02.0\",level="
              "\"exclusive\",automatic_action=\"on\"} 1\n"
              "slotd_slot_info{port=\"0000:00:03.0\",slot=\"2\",root_port=\"0000:00:03.0\",level="
              "\"exclusive\",automatic_action=\"on\"} 1\n"
              "slotd_slot_info{port=\"0000:03:00.0\",slot=\"11\",root_port=\"0000:00:03.0\",level="
              "\"exclusive\",automatic_action=\"on\"} 1\n");
    EXPECT_THAT(lines_of(text, "slotd_slot_phase"),
                HasSubstr("{port=\"0000:03:00.0\",slot=\"11\",phase=\"idle\"} 1\n"));
    EXPECT_THAT(lines_of(text, "slotd_slot_budget_left"),
                HasSubstr("{port=\"0000:00:02.0\",slot=\"1\"} 5\n"));
    EXPECT_EQ(lines_of(text, "slotd_root_port_budget_left"),
              "slotd_root_port_budget_left{port=\"0000:00:02.0\"} 10\n"
              "slotd_root_port_budget_left{port=\"0000:00:03.0\"} 10\n");
    EXPECT_THAT(lines_of(text, "slotd_gate_closed"),
                HasSubstr("{port=\"0000:00:02.0\",slot=\"1\",gate=\"pciehp\"} 1\n"));
}

TEST(Scene, TellsWhatOneAttemptHasTakenOutOfTheBudgets) {
    RunningEngine world(fakes::machine_with_one_slot(), Level::Fence, true);
    world.pass(1s);
    world.say(event::RecoveryReported{at("0000:01:00.0"), event::RecoveryReport::Failed});
    world.pass(2s);
    Meter meter;

    const std::string text = told_of(world, meter);

    EXPECT_THAT(lines_of(text, "slotd_slot_budget_left"), HasSubstr("} 4\n"));
    EXPECT_THAT(lines_of(text, "slotd_root_port_budget_left"), HasSubstr("} 9\n"));
    EXPECT_EQ(lines_of(text, "slotd_host_budget_left"), "slotd_host_budget_left 19\n");
    EXPECT_EQ(lines_of(text, "slotd_budget_size"),
              "slotd_budget_size{of=\"slot\"} 5\nslotd_budget_size{of=\"root-port\"} 10\n"
              "slotd_budget_size{of=\"host\"} 20\n");
}

TEST(Scene, TellsOfTheDaemon) {
    RunningEngine world(fakes::machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    Meter meter;
    meter.history_said(history::Opened{});

    const std::string text = told_of(world, meter);

    EXPECT_EQ(lines_of(text, "slotd_build_info"), "slotd_build_info{version=\"1.2\"} 1\n");
    EXPECT_EQ(lines_of(text, "slotd_start_time_seconds"),
              "slotd_start_time_seconds 1700000000.5\n");
    EXPECT_EQ(lines_of(text, "slotd_clients"), "slotd_clients 3\n");
    EXPECT_EQ(lines_of(text, "slotd_history_usable"), "slotd_history_usable 1\n");
}

// A query finds nothing wrong with a counter that is not there: each is there from the beginning.
TEST(Scene, HasEveryFamilyInItsOrderAndCountersFromTheBeginning) {
    RunningEngine world(fakes::machine_with_one_slot(), Level::Fence, false);
    world.pass(1s);
    Meter meter;

    const std::string text = told_of(world, meter);
    std::size_t at = 0;
    for (const Family* const family : all_families()) {
        at = text.find("# TYPE " + std::string(family->name) + " ", at);
        ASSERT_NE(at, std::string::npos) << family->name;
    }

    EXPECT_THAT(text, HasSubstr("slotd_incidents_total{cause=\"fatal-error\",outcome=\"failed\"} "
                                "0\n"));
    EXPECT_THAT(text, HasSubstr("slotd_attempts_total{step=\"reenumerate\",by=\"slotd\",outcome="
                                "\"unknown\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("slotd_incident_recovery_seconds_bucket{cause=\"request\",le="
                                "\"+Inf\"} 0\n"));
    EXPECT_TRUE(text.ends_with("\n# EOF\n"));
    EXPECT_FALSE(told_of(world, meter, Format::Prometheus).contains("# EOF"));
}

}  // namespace
}  // namespace slotd::metrics
