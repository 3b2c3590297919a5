#pragma once

/// What `--help` says beyond the options.
namespace slotd::ctl::help {

inline constexpr const char* kFooter = R"(Examples:
  slotctl list
  slotctl show 0000:00:1c.0
  slotctl plan 5
  slotctl reset 3b:00.0 --reason "firmware update" --wait
  slotctl hold 5 --for 2h --reason "changing the card"
  slotctl watch --json | jq -r .record.text
A SLOT is its port's address, its slot name, or the address of a function in it; the domain may be
left out where that is unambiguous.

Exit status:
  0  done
  1  the reset ran and failed
  2  wrong command line
  3  no such slot, or an ambiguous name
  4  slotd cannot be reached
  5  not permitted
  6  refused; nothing was touched
  7  no answer in time, or slotd went away: the outcome is unknown
  8  slotd's answer was not understood
  9  in use; nothing was touched ('slotctl plan' shows by whom, --force resets all the same)
  10 the reset has brought the card back on a degraded link (slower or narrower than before)
  130, 143  ended by Ctrl-C or SIGTERM; what was asked for goes on in slotd)";

inline constexpr const char* kMethods = R"(Methods:
  auto         the gentlest step that can help (default)
  flr          Function Level Reset, of one function
  slot, bus    secondary bus reset, through the hot-plug slot or by the link
  vfio         all functions that share a reset, where user space drives them through VFIO
  reenumerate  slot power off and on, or remove and rescan
)";

inline constexpr const char* kReset = R"(Examples:
  slotctl reset 0000:3b:00.0 --method flr --reason "hung queue, ticket 4711" --wait
  slotctl reset 5 --dry-run
Without --wait it returns as soon as slotd has accepted; Ctrl-C in --wait ends the waiting, not
the reset. A card that is in use (exit status 9 with --wait) is reset only with --force: whoever
uses it loses what it was doing. --dry-run shows what 'slotctl plan' does.)";

inline constexpr const char* kPlan = R"(Examples:
  slotctl plan 5
  slotctl plan 3b:00.0 --method flr --json | jq .in_use
Shows what a reset would do now, who uses what it would disturb, and whether slotd would refuse
without --force. Nothing is touched. Exit status 0, also where it would refuse.)";

inline constexpr const char* kHold = R"(Examples:
  slotctl hold 5 --for 2h --reason "changing the card"
  slotctl hold 0000:00:1c.0 --for 1h30m --reason "vendor's tool is running"
slotd takes no step at a held slot, and refuses resets of it; it goes on watching. Without --for
the hold lasts until 'slotctl release'. A hold that is set again lasts as long as the new one says.
TIME: a number with s, m, h or d, or several of them; at most 366d. Holds outlive a restart of
slotd.)";

inline constexpr const char* kRelease = R"(Example:
  slotctl release 5 --reason "card changed"
Ends a hold, and a quarantine: slotd may act there again.)";

inline constexpr const char* kCheck =
    R"(Prints one line, "SLOTD OK: 12 slots, 12 idle | slots=12 idle=12", and one more for each slot
that is not well. Exit status, of this verb alone:
  0  every slot is well, or being worked on
  1  a slot is held, or has no automatic attempt left
  2  a slot waits for a person: needs-operator, quarantined, wedged
  3  slotd did not answer, or this user may not ask (group slotd may)
With --npd: 0 for 0 and 1, 1 for 2, 2 for 3.)";

inline constexpr const char* kMetrics =
    R"(Examples:
  slotctl metrics
  slotctl metrics --textfile /var/lib/prometheus/node-exporter/slotd.prom
Prints OpenMetrics text. --textfile writes the older text format of Prometheus, which node_exporter
reads, as a whole or not at all; slotd-metrics.timer does that every minute. Exit status 7 where the
file could not be written.)";

inline constexpr const char* kWatch =
    R"(Prints one line for each decision of slotd from now on, until Ctrl-C (exit status 130).
With --json one object a line: {"record": {...}}, with "missed": N when N records before it were
dropped.)";

}  // namespace slotd::ctl::help
