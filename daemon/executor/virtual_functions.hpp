#pragma once

#include "action/effect.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"

namespace slotd::executor {

/// Notes the virtual functions of every physical one directly below the port; AlreadySo where there
/// are none. A note that is there already stays where the number is the same, or zero by now: the
/// step that loses them may have been tried before.
event::Outcome note_vfs(const Hands& hands, const action::NoteVfs& effect);

/// Opens every noted gate below the port. Done with a context names what is not as it was.
event::Outcome restore_vfs(const Hands& hands, const action::RestoreVfs& effect);

/// Takes away all virtual functions directly below the port, as a step that cannot be done with
/// them wants it. Refused where they are not noted or one belongs to VFIO.
event::Outcome drop_noted_vfs(const Hands& hands, const CheckedPort& port);

/// Puts back what is missing: the number, then overrides and drivers of VFs that have none. What
/// another hand has given a VF meanwhile stays and is named. For open_gate().
event::Outcome restore_noted(const Hands& hands, const os::VfsGate& gate);

}  // namespace slotd::executor
