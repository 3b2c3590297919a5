#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Notes the virtual functions of every physical one directly below the port; AlreadySo where there
/// are none. A note that is there already stays where the number is the same, or zero by now: the
/// step that loses them may have been tried before.
event::Outcome note_vfs(const Hands& hands, const action::NoteVfs& effect);

/// Opens every noted gate below the port. Done with a context names what is not as it was.
event::Outcome restore_vfs(const Hands& hands, const action::RestoreVfs& effect);

/// Puts back what is missing: the number, then overrides and drivers of VFs that have none. What
/// another hand has given a VF meanwhile stays and is named. For open_gate().
event::Outcome restore_noted(const Hands& hands, const os::VfsGate& gate);

}  // namespace slotd::executor
