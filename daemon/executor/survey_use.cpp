#include "daemon/executor/survey_use.hpp"

#include <utility>

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "event/outcome.hpp"
#include "event/usage_wire.hpp"
#include "os/sysfs_dir.hpp"
#include "os/usage_survey.hpp"

namespace slotd::executor {

event::Outcome survey_use(const Hands& hands, const action::SurveyUse& effect) {
    const auto dir = hands.device_dir(effect.port);
    if (!dir) {
        return outcome_of(dir.error());
    }
    // The kernel's own copy: the port's config space may be locked for as long as a reset lasts.
    const auto class_code = dir->read("class");
    if (!class_code) {
        return outcome_of(class_code.error());
    }
    if (!class_code->starts_with("0x0604")) {
        return refused(effect.port.to_string() + " is no bridge");
    }
    const auto proc = os::SysfsDir::open(hands.proc_root());
    if (!proc) {
        return outcome_of(proc.error());
    }
    const auto usage = os::survey_usage(hands.sysfs(), *proc, effect.port);
    if (!usage) {
        return outcome_of(usage.error());
    }
    event::Outcome outcome = done();
    outcome.usage = event::fitted(*usage);
    return outcome;
}

}  // namespace slotd::executor
