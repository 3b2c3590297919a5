#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"

namespace slotd::executor {

/// Reads who uses what is below a port, nested ports included; changes nothing. A port that does
/// not answer is surveyed all the same: what is below it is in use as long as it is enumerated.
event::Outcome survey_use(const Hands& hands, const action::SurveyUse& effect);

}  // namespace slotd::executor
