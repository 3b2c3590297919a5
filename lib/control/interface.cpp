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
# Reading (List, Show, Subscribe, Version) is for root and the groups slotd and slotd-admin,
# acting (Reset) for root and the group slotd-admin. A slot is named by its port's address, by
# its slot name, or by the address of a function in it; the domain may be left out where that is
# unambiguous. A later version may add fields to replies; it never changes the meaning of one.
interface io.slotd.Coordinator

# A function below a slot's port, as the kernel has it enumerated.
# driver: empty when none is bound. identity: vendor:device (subsystem) class revision.
type Function (address: string, driver: string, identity: string)

# slot: slot name, empty where there is none. incident: number of the open one, 0 for none.
# gates: what slotd holds closed now; empty when the kernel has everything.
type Slot (
  port: string,
  root_port: string,
  slot: string,
  phase: string,
  reason: string,
  level: (observe, fence, exclusive),
  incident: int,
  occupied: bool,
  functions: []Function,
  gates: []string
)

# One decision of the daemon. priority: as in syslog, 2 (critical) to 7 (debug). port: null
# where it is about no single slot. slot: its name, as in Slot. incident, attempt: 0 for none.
# text: a whole sentence.
type Record (
  priority: int,
  kind: string,
  port: ?string,
  slot: string,
  incident: int,
  attempt: int,
  phase: string,
  text: string
)

# Every slot, by port address.
method List() -> (slots: []Slot)

method Show(slot: string) -> (slot: Slot)

# Resets the card of a slot, or one function of it. reason: for the log, required, at most 255
# bytes. method: auto where left out.
#   dry_run          one reply, state planned, plan says what would be done now
#   wait with more   state accepted, then progress with a record each, then finished
#   wait             one reply, state finished
#   neither          one reply, state accepted; the reset goes on in the daemon
# request: the daemon's number for it, 0 for a dry run. succeeded, outcome (recovered, failed,
# wedged) and text are there when finished. A request that goes on is not withdrawn when its
# client goes away.
method Reset(
  target: string,
  method: ?(auto, flr, bus, slot, reenumerate),
  reason: string,
  dry_run: ?bool,
  wait: ?bool
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

# Every record from now on; must be called with more. missed: so many records were dropped
# before this one because the client did not read.
method Subscribe() -> (record: Record, missed: ?int)

method Version() -> (version: string)

# candidates can be used in place of the name, the nearest first.
error NoSuchSlot (name: string, candidates: []string)
error AmbiguousSlot (name: string, candidates: []string)
error NotPermitted (reason: string)
error TooManyClients ()
error Refused (reason: string)
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
