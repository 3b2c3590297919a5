// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "record.hpp"

namespace lab {

/// Writes every kernel uevent (lane "uevent": its fields, tab separated) and every kernel log line
/// (lane "kernel") into the record, for ever. To be run in a thread of its own; it takes real-time
/// priority, so that a uevent is stamped when it is sent and not when the busy guest gets round to
/// it.
void record_kernel(Record& record);

}  // namespace lab
