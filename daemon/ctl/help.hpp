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
  3  no such slot or incident, or an ambiguous name
  4  slotd cannot be reached, or the journal cannot be read
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

inline constexpr const char* kReload = R"(Examples:
  slotctl reload
  slotctl reload --reason "automatic action on, ticket 4712"
slotd reads its configuration files again and prints what is different now. With a mistake in them
nothing changes: every mistake is printed, exit status 6. Nothing that is open, held or spent is
lost; a slot that is busy gets its new level when it is at rest.)";

inline constexpr const char* kConfig = R"(Examples:
  slotctl config > effective.toml && slotd --check-config effective.toml
  slotctl config 5
Prints TOML that slotd could read back. A comment says where each value that is not the default
comes from; for a slot, which rules match it.)";

inline constexpr const char* kCheck =
    R"(Prints one line, "SLOTD OK: 12 slots, 12 idle | slots=12 idle=12", and one more for each slot
that is not well. Exit status, of this verb alone:
  0  every slot is well, or being worked on
  1  a slot is held, or has no automatic attempt left
  2  a slot waits for a person: needs-operator, quarantined, wedged
  3  slotd did not answer, or this user may not ask (group slotd may)
With --npd: 0 for 0 and 1, 1 for 2, 2 for 3.)";

inline constexpr const char* kHistory = R"(Examples:
  slotctl history --since 7d
  slotctl history 5 --limit 20
  slotctl history --incident 6746f1e000030001
Shows what slotd has on disk: incidents, attempts, holds and quarantines, the newest last. How an
incident went step by step is in the journal: journalctl SLOTD_INCIDENT=6746f1e000030001.
TIME: so long ago (a number with s, m, h or d), or a date with or without a time, local or with a
final Z in UTC.)";

inline constexpr const char* kTop =
    R"(Shows the tree of 'slotctl list' and below it slotd's newest decisions; drawn anew when slotd
decides something, and not otherwise. Keys: arrows, PgUp and PgDn choose a slot, Enter shows
everything about it, h or ? is help, r asks again, q quits. Where slotd goes away it waits, and
connects again.)";

inline constexpr const char* kTimeline = R"(Examples:
  slotctl timeline last
  slotctl timeline 6b07e5a3 --html incident.html
  slotctl timeline last --journal /srv/logs/host7.journal
Reads the journal of this machine, or with --journal one taken elsewhere, and draws who did what:
the kernel's error recovery (AER), its hot-plug (pciehp), slotd, and the card's owner. Root and the
groups systemd-journal and adm may read this machine's. --html writes one page that needs nothing
else. With --json one object.)";

inline constexpr const char* kReplay = R"(Examples:
  slotctl replay local --config new.toml
  slotctl replay /srv/logs/host7.journal --config new.toml --json
Plays what slotd was told once more, to a coordinator with the other configuration, and says for
each incident what it did, what it would have done, and where they part. Nothing is touched. What
the history does not know is assumed, and said. Of "journalctl -o export" make a file first:
  systemd-journal-remote -o host7.journal host7.export)";

inline constexpr const char* kDoctor = R"(Examples:
  slotctl doctor
  slotctl doctor 5
  slotctl doctor --json | jq -r '.slots[] | .port + " " + .verdict'
Says of the machine and of each slot what slotd can guarantee there and why it is not more, what is
bound, how the card can be reset, and what would make it better, worst first. It reads what
everybody may read, and asks slotd for what only slotd knows; no card is touched. docs/doctor.md
has each finding, named in brackets. Exit status, where something was examined:
  0  nothing that somebody should change
  1  a warning
  2  a problem: slotd cannot do its work there, or a card waits for a person)";

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
