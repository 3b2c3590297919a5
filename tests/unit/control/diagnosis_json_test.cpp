#include "control/diagnosis_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "tests/unit/report/checkup_maker.hpp"

namespace slotd::control {
namespace {

nlohmann::json printed(const report::Checkup& checkup) {
    const std::string text = diagnosis_json(checkup, report::diagnose(checkup));
    EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto parsed = parse_json_object(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed ? *parsed : nlohmann::json::object();
}

// The schema of docs/doctor.md, with every key.
TEST(DiagnosisJson, OfAWellMachineIsThis) {
    EXPECT_EQ(printed(report::well_checkup()), nlohmann::json::parse(R"({
        "severity": "ok",
        "verdict": "slotd 1.0 is at work on 1 slot",
        "machine": {
            "version": "1.0",
            "kernel": {
                "release": "7.0", "parameters": [], "lockdown": "none",
                "ignores_reset_flaps": true, "ignores_dpc_flaps": true,
                "resets_nested_slots": true, "resets_below_slots": true,
                "has_error_trace": true, "has_hotplug_trace": true,
                "shares_interrupt": true, "firmware_has_errors": false
            },
            "trace_problem": null, "history_problem": null,
            "executor_problem": null, "executor_deaths": 0,
            "hooks": [], "automatic_action": true, "findings": []
        },
        "slots": [{
            "port": "0000:00:1c.0", "slot": "5", "severity": "ok",
            "verdict": "level exclusive, firm", "phase": "idle",
            "guarantee": {
                "level": "exclusive", "strength": "firm",
                "promise":
                    "The kernel's error recovery and its hot-plug never run at the same time.",
                "because": []
            },
            "found": true,
            "traits": {"hotplug": true, "surprise": true, "power_controller": false},
            "services": ["aer", "pciehp", "dpc"], "bound": ["aer", "dpc"],
            "root_services": ["aer", "pciehp", "dpc"], "root_bound": ["aer", "dpc"],
            "link": {"up": true, "speed": 8000, "width": 4, "speed_max": 8000, "width_max": 4},
            "functions": [{
                "address": "0000:01:00.0", "driver": "nvme", "reset_methods": ["flr", "bus"],
                "reports_errors": true, "errors": {"correctable": 0, "nonfatal": 0, "fatal": 0}
            }],
            "findings": []
        }]
    })"));
}

TEST(DiagnosisJson, HasEachFindingAndNullForWhatIsUnknown) {
    report::Checkup checkup = report::well_checkup();
    checkup.kernel = {};
    checkup.daemon.history_problem = "disk\x1b full";
    checkup.slots.front().known.notes.traits.reset();
    checkup.slots.front().port.functions.clear();

    const nlohmann::json json = printed(checkup);

    EXPECT_EQ(json["severity"], "critical");
    EXPECT_EQ(json["machine"]["kernel"]["ignores_reset_flaps"], nullptr);
    EXPECT_EQ(json["machine"]["kernel"]["lockdown"], nullptr);
    EXPECT_EQ(json["machine"]["history_problem"], "disk\x1b full");
    const nlohmann::json& finding = json["machine"]["findings"][0];
    EXPECT_EQ(finding["severity"], "critical");
    EXPECT_EQ(finding["kind"], "history-unusable");
    EXPECT_FALSE(finding["text"].get<std::string>().empty());
    EXPECT_FALSE(finding["advice"].get<std::string>().empty());
    EXPECT_EQ(json["slots"][0]["traits"], nullptr);
    EXPECT_EQ(json["slots"][0]["functions"][0]["reports_errors"], nullptr);
}

}  // namespace
}  // namespace slotd::control
