#include "control/interface.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "control/idl.hpp"

namespace slotd::control {

namespace {

constexpr std::string_view kCoordinatorText =
    R"(# The daemon in charge of this machine's PCIe slots.
#
# Looking is for root and the groups slotd and slotd-admin, acting for root and the group
# slotd-admin. A slot is named by its port's address, by its slot name, or by the address of a
# function in it; the domain may be left out where that is unambiguous. A later version may add
# fields to replies; it never changes the meaning of one.
interface io.slotd.Coordinator

# A function below a slot's port, as the kernel has it enumerated.
# driver: empty when none is bound. identity: vendor:device (subsystem) class revision.
type Function (address: string, driver: string, identity: string)

# The link below a port, as its registers said when slotd last looked: at its start, and whenever
# something happens at the slot. up: null where the port cannot tell. speed: in MT/s, 8000 for
# 8 GT/s; width: lanes. speed_max, width_max: what port and card can do together. 0: not known, as
# while the link is down.
type Link (up: ?bool, speed: int, width: int, speed_max: int, width_max: int)

# slot: slot name, empty where there is none. incident: number of the open one, 0 for none;
# incident_id: the same as the journal has it, 16 hex digits, null for none.
# automatic_action: whether slotd acts here without being asked. budget_left: so many times more
# within the hour (or what is configured). held_by: who has asked slotd to keep its hands off, with
# the reason, empty for nobody; held_seconds: for so long from now, null until it is released.
# quarantine: why slotd will not act here until an operator releases the slot, empty where it may.
# gates: what slotd holds closed now; empty when the kernel has everything. path: the bridges from
# the Root Port down to this port, both included; in between the Upstream and Downstream Ports of
# switches. link: null where nobody has looked yet.
type Slot (
  port: string,
  root_port: string,
  slot: string,
  phase: string,
  reason: string,
  level: (observe, fence, exclusive),
  incident: int,
  automatic_action: bool,
  budget_left: int,
  held_by: string,
  held_seconds: ?int,
  quarantine: string,
  occupied: bool,
  functions: []Function,
  gates: []string,
  path: ?[]string,
  link: ?Link,
  incident_id: ?string
)

# One decision of the daemon. priority: as in syslog, 2 (critical) to 7 (debug). port: null
# where it is about no single slot. slot: its name, as in Slot. incident, attempt: 0 for none.
# incident_id: as in Slot. text: a whole sentence.
type Record (
  priority: int,
  kind: string,
  port: ?string,
  slot: string,
  incident: int,
  attempt: int,
  phase: string,
  text: string,
  incident_id: ?string
)

# What the kernel and its users have made of a function of the card. in_flight: requests that have
# not ended. holders: dm, md, lvm on it. vfio_group: null when no VFIO driver has it.
type Mount (device: string, point: string)
type Block (name: string, in_flight: int, holders: []string, mounts: []Mount, swaps: []string)
type Network (
  name: string,
  up: bool,
  carrier: bool,
  default_route: bool,
  member_of: string
)
type VirtualFunction (address: string, driver: string)
type FunctionUse (
  address: string,
  driver: string,
  blocks: []Block,
  networks: []Network,
  vfs: []VirtualFunction,
  vfio_group: ?int,
  vfio_open: bool
)
# A process that holds a device node of `function` open.
type Process (pid: int, command: string, unit: string, node: string, function: string)
# Everything below a port, true when it was read. left_out: so many entries did not fit.
# unreadable: what could not be read, so is not known.
type Usage (
  port: string,
  functions: []FunctionUse,
  processes: []Process,
  left_out: int,
  unreadable: []string
)
# One reason why a function counts as in use.
type Use (kind: string, function: string, text: string)

# A function that the kernel gave up on without asking its driver first: as far as seen it has no
# AER callbacks.
type UnaskedDriver (function: string, driver: string)
# From the slot's registers. surprise: a card may be pulled without a word before.
type SlotTraits (hotplug: bool, surprise: bool, power_controller: bool)
# traits: null where there is no slot, or nobody has looked yet.
type SlotNotes (port: string, traits: ?SlotTraits, unasked: []UnaskedDriver)

# Every slot, by port address.
method List() -> (slots: []Slot)

method Show(slot: string) -> (slot: Slot)

# Resets the card of a slot, or one function of it. reason: for the log, required, at most 255
# bytes. method: auto where left out.
#   dry_run          one reply, state planned, plan says what would be done now
#   wait with more   state accepted, then progress with a record each, then finished
#   wait             one reply, state finished
#   neither          one reply, state accepted; the reset goes on in the daemon
# request: the daemon's number for it, 0 for a dry run. succeeded, outcome (recovered, degraded,
# failed, wedged, unknown) and text are there when finished; degraded: the card is back, on a link
# that is slower or narrower than before. A request that goes on is not withdrawn when its client
# goes away. force: although the card is in use; without it such a call ends in the error InUse.
# lend: the VFIO group or device descriptors of the card's owner come with this call (SCM_RIGHTS,
# sent together with the bytes of this call and no others, at most 64), for the method vfio. They
# are closed when the reset has ended; those that come with any other call are closed at once.
method Reset(
  target: string,
  method: ?(auto, flr, bus, slot, vfio, reenumerate),
  reason: string,
  dry_run: ?bool,
  wait: ?bool,
  force: ?bool,
  lend: ?bool
) -> (
  state: (planned, accepted, progress, finished),
  request: int,
  port: string,
  function: ?string,
  plan: ?[]string,
  record: ?Record,
  succeeded: ?bool,
  outcome: ?string,
  text: ?string
)

# slotd takes no step at this slot until the time is over or somebody releases it: a Reset is
# refused meanwhile.
# seconds: null until released; at most a year. request: the daemon's number for it.
method Hold(slot: string, seconds: ?int, reason: string) -> (
  request: int,
  port: string,
  text: string
)

# Ends a hold or a quarantine.
method Release(slot: string, reason: string) -> (request: int, port: string, text: string)

# What Reset would do now, step by step, who uses what it would disturb, and which of these uses
# count. would_refuse: without force; would_refuse_forced: with force too; text says why. usage:
# null where it could not be found out.
method Plan(target: string, method: ?(auto, flr, bus, slot, vfio, reenumerate)) -> (
  port: string,
  function: ?string,
  steps: []string,
  usage: ?Usage,
  in_use: []Use,
  would_refuse: bool,
  would_refuse_forced: bool,
  text: string
)

# What slotd remembers, over restarts and reboots. kind: incident-opened, incident-closed,
# attempt-reserved, attempt-ended, held, released, quarantined, history-lost. What a kind does not
# have is null. seq: grows with each entry. time: of the wall clock then, ISO 8601 in UTC; time_us:
# the same in microseconds since 1970. slot: its name then. step: what the attempt was.
# automatic: of slotd's own accord; by: who asked otherwise, or who held or released. seconds: how
# long a hold was to last, null until released. well: it ended well; ambiguous: what it did is
# unknown. text: cause, reason, or how it ended.
type HistoryEntry (
  seq: int,
  time: string,
  time_us: int,
  kind: string,
  port: ?string,
  slot: ?string,
  incident_id: ?string,
  attempt: ?int,
  step: ?string,
  automatic: ?bool,
  by: ?string,
  seconds: ?int,
  well: ?bool,
  ambiguous: ?bool,
  text: string
)

# The newest entries that meet every condition given, oldest first. slot: named as everywhere, or
# the address of a port that is no longer there. incident: an incident_id. since_us: not older than
# this, in microseconds since 1970. limit: at most so many, 1 to 999; 100 where left out. more:
# older ones were left out. Where the history cannot be read, the error is Refused.
method History(slot: ?string, incident: ?string, since_us: ?int, limit: ?int) -> (
  entries: []HistoryEntry,
  more: bool
)

# Reads the configuration files again, and goes by them from now on. With a mistake in them nothing
# changes: BadConfiguration has all of them. changed: what is different now, one line each ("key:
# old -> new"), at most 24. after_restart: keys whose new value waits until slotd is started anew.
# text: the same as a sentence.
method Reload(reason: string) -> (changed: []string, after_restart: []string, text: string)

# The configuration in force, as TOML that slotd could read back, defaults included. slot: null for
# all of it; else what is in force for this slot, port its port's address, rules the names of those
# that match it. files: what was read for it, in order.
method GetConfig(slot: ?string) -> (
  toml: string,
  files: []string,
  port: ?string,
  rules: []string
)

# What no decision needs and a person may want to know: `slotctl doctor` judges by it, and by what
# everybody can read in sysfs. version: of slotd. sysfs: where slotd looks for the machine.
# trace_problem: why it hears no trace event, null where it does; trace_unseen: events that this
# kernel does not have, as far as slotd can tell. history_problem: why it can remember nothing, null
# where it can. executor_problem: why slotd-exec does nothing that it is asked for now, null where
# it does; executor_deaths: how often it has ended since slotd's start. hooks: who is asked before a
# step; hooks_problem: why that cannot be told. automatic_action: where no rule says otherwise.
# recoveries: uevents heard since slotd's start; unannounced: of those that succeeded, without a
# BEGIN_RECOVERY before. slot: all slots where it is left out.
method Doctor(slot: ?string) -> (
  version: string,
  sysfs: string,
  trace_problem: ?string,
  trace_unseen: []string,
  history_problem: ?string,
  executor_problem: ?string,
  executor_deaths: int,
  hooks: []string,
  hooks_problem: ?string,
  automatic_action: bool,
  recoveries: (began: int, succeeded: int, failed: int, unannounced: int),
  slots: []SlotNotes
)

# Every record from now on; must be called with more. missed: so many records were dropped
# before this one because the client did not read.
method Subscribe() -> (record: Record, missed: ?int)

# Counters and gauges for a monitoring system. format: openmetrics where left out; prometheus is the
# older text format (0.0.4), which node_exporter's textfile collector reads.
method Metrics(format: ?(openmetrics, prometheus)) -> (text: string)

method Version() -> (version: string)

# candidates can be used in place of the name, the nearest first.
error NoSuchSlot (name: string, candidates: []string)
error AmbiguousSlot (name: string, candidates: []string)
error NotPermitted (reason: string)
error TooManyClients ()
error Refused (reason: string)
error InUse (reason: string)
# The files have mistakes, each as "file:line: key: what is wrong; what to write instead".
error BadConfiguration (mistakes: []string)
# The next two end the connection: nobody knows where the next message would begin.
error MalformedMessage (reason: string)
error MessageTooLarge (bytes_max: int)
)";

constexpr std::string_view kServiceText = R"(# Every Varlink service has this interface.
interface org.varlink.service

method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)
method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
error PermissionDenied ()
error ExpectedMore ()
)";

Idl parsed(std::string_view text) {
    auto idl = Idl::parse(text);
    SLOTD_ASSERT(idl.has_value());
    return std::move(*idl);
}

}  // namespace

std::string_view interface_text(std::string_view name) {
    if (name == kCoordinatorInterface) {
        return kCoordinatorText;
    }
    return name == kServiceInterface ? kServiceText : std::string_view{};
}

const Idl* interface_named(std::string_view name) {
    static const std::array<Idl, 2> all{parsed(kCoordinatorText), parsed(kServiceText)};
    for (const Idl& idl : all) {
        if (idl.name == name) {
            return &idl;
        }
    }
    return nullptr;
}

}  // namespace slotd::control
