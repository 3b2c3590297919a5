// Where sysfs cannot be read for a while: out of descriptors, out of memory.
#include <gtest/gtest.h>

#include <chrono>
#include <expected>
#include <string>

#include "action/record.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "event/kernel_event.hpp"
#include "pci/topology.hpp"
#include "policy/level.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/running_engine.hpp"

namespace slotd {
namespace {

using namespace std::chrono_literals;

/// The machine's ports, while they can be read.
struct Sysfs final : engine::TopologySource {
    explicit Sysfs(engine::TopologySource& source) : real(source) {}

    Result<pci::Topology> scan() override {
        ++scans;
        return readable ? real.scan() : failure(ErrorKind::Io, "open /sys: Too many open files");
    }

    engine::TopologySource& real;
    bool readable = true;
    int scans = 0;
};

// It was tried once more after 300 ms, and then not before the kernel said something else.
TEST(Scan, ThatFailsIsToldOnceAndTriedAgainUntilItSucceeds) {
    fakes::FakeMachine machine = fakes::machine_with_one_slot();
    Sysfs sysfs(machine);
    engine::Engine engine(fakes::RunningEngine::settings(policy::Level::Observe, false),
                          {machine, sysfs, machine, machine, machine, machine});
    Instant now{};
    engine.start(machine.scan().value(), now);
    machine.records.clear();
    sysfs.readable = false;
    engine.kernel_said(event::ServicesChanged{fakes::at("0000:00:02.0")}, now);
    engine.kernel_drained(now);

    while (now < Instant{20s} && engine.next_deadline() <= Instant{20s}) {
        now = engine.next_deadline();
        engine.time_passed(now);
    }
    EXPECT_GE(sysfs.scans, 10);
    EXPECT_LE(sysfs.scans, 20);
    int told = 0;
    for (const action::Record& record : machine.records) {
        told += record.text.contains("going on with the ports known so far") ? 1 : 0;
    }
    EXPECT_EQ(told, 1);

    sysfs.readable = true;
    const int before = sysfs.scans;
    while (now < Instant{60s} && engine.next_deadline() <= Instant{60s}) {
        now = engine.next_deadline();
        engine.time_passed(now);
    }
    EXPECT_EQ(sysfs.scans, before + 1);
}

}  // namespace
}  // namespace slotd
