#include "daemon/executor/survey_use.hpp"

#include <utility>

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "event/usage_wire.hpp"
#include "os/sysfs_dir.hpp"
#include "os/usage_survey.hpp"

namespace slotd::executor {

event::Outcome survey_use(const Hands& hands, const action::SurveyUse& effect) {
    const auto port = check_port(hands, effect.port);
    if (!port && (port.error().kind != event::OutcomeKind::Gone ||
                  !hands.sysfs().exists("bus/pci/devices/" + effect.port.to_string()))) {
        return port.error();
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
