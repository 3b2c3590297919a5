#include <string>

#include <CLI/CLI.hpp>

#include "daemon/ctl/help.hpp"
#include "daemon/ctl/raw_command.hpp"

namespace slotd::ctl {

/// Before the verb or behind it.
void add_common(CLI::App& app, Raw& raw) {
    app.add_flag("--json", raw.json, "print slotd's reply as JSON, one object a line");
    app.add_option("--color", raw.colour, "auto, always or never; auto: on a terminal")
        ->type_name("WHEN");
    app.add_option("--socket", raw.socket, "socket of slotd")->type_name("PATH");
}

namespace {

CLI::App* add_verb(CLI::App& app, Raw& raw, const std::string& name, const std::string& what) {
    CLI::App* const verb = app.add_subcommand(name, what);
    add_common(*verb, raw);
    return verb;
}

void add_slot(CLI::App* verb, Raw& raw) {
    verb->add_option("SLOT", raw.name, "slot, or function in one")->required();
}

void add_method(CLI::App* verb, Raw& raw) {
    verb->add_option("--method", raw.method, std::string(kMethodsText))->type_name("METHOD");
}

/// Whether there must be one is checked later: CLI11 says less about it.
void add_reason(CLI::App* verb, Raw& raw) {
    verb->add_option("--reason", raw.reason, "why, for the log; at most 255 bytes")
        ->type_name("TEXT");
}

void declare_reset(CLI::App* reset, Raw& raw) {
    reset->footer(std::string(help::kMethods) + help::kReset);
    add_slot(reset, raw);
    add_method(reset, raw);
    add_reason(reset, raw);
    reset->add_flag("--dry-run", raw.dry_run, "show the plan, touch nothing");
    reset->add_flag("--force", raw.force, "although the card is in use");
    reset->add_flag("--wait", raw.wait, "show the progress, and end when the reset has ended");
    reset->add_option("--timeout", raw.timeout, "of --wait; the reset itself goes on")
        ->type_name("SECONDS");
}

void declare_history(CLI::App* history, Raw& raw) {
    history->footer(help::kHistory);
    history->add_option("SLOT", raw.name, "slot, or function in one; else all of them");
    history->add_option("--incident", raw.incident, "of this incident alone")->type_name("ID");
    history->add_option("--since", raw.since, "not older, as 2h, 7d or 2026-11-26")
        ->type_name("TIME");
    history->add_option("--limit", raw.limit, "the newest so many, at most 999 (default 100)")
        ->type_name("N");
}

/// Those that read the journal and ask nobody.
void declare_journal_verbs(CLI::App& app, Raw& raw) {
    CLI::App* const timeline = add_verb(app, raw, "timeline", "draw an incident from the journal");
    timeline->footer(help::kTimeline);
    timeline->add_option("INCIDENT", raw.name, "its number, the beginning of it, or last")
        ->required();
    timeline->add_option("--html", raw.html, "write a page for a browser there; - for stdout")
        ->type_name("FILE");
    timeline->add_option("--journal", raw.journal, "a journal file, or a directory of them")
        ->type_name("PATH");
    CLI::App* const replay = add_verb(
        app, raw, "replay", "tell what another configuration would have done with this history");
    replay->footer(help::kReplay);
    replay->add_option("JOURNAL", raw.name, "a journal file, a directory of them, or local")
        ->required();
    replay->add_option("--config", raw.config, "the other configuration")->type_name("FILE");
}
}  // namespace

void declare_verbs(CLI::App& app, Raw& raw) {
    app.set_help_flag("-h,--help", "print this help and exit");
    app.set_version_flag("--version", std::string("slotctl ") + SLOTD_VERSION);
    app.footer(help::kFooter);
    app.require_subcommand(1, 1);
    add_common(app, raw);
    add_verb(app, raw, "list", "list the PCIe ports with their slots and cards");
    add_slot(add_verb(app, raw, "show", "show everything about one slot"), raw);
    CLI::App* const plan =
        add_verb(app, raw, "plan", "show what a reset would do and whom it would disturb");
    plan->footer(std::string(help::kMethods) + help::kPlan);
    add_slot(plan, raw);
    add_method(plan, raw);
    declare_reset(add_verb(app, raw, "reset", "reset the card of a slot, or one function"), raw);
    CLI::App* const hold =
        add_verb(app, raw, "hold", "have slotd keep its hands off a slot for a while");
    hold->footer(help::kHold);
    add_slot(hold, raw);
    add_reason(hold, raw);
    hold->add_option("--for", raw.lasts, "how long, as 30m or 2h; else until released")
        ->type_name("TIME");
    CLI::App* const release = add_verb(app, raw, "release", "end a hold or a quarantine");
    release->footer(help::kRelease);
    add_slot(release, raw);
    add_reason(release, raw);
    CLI::App* const reload =
        add_verb(app, raw, "reload", "have slotd read its configuration files again");
    reload->footer(help::kReload);
    add_reason(reload, raw);
    CLI::App* const config =
        add_verb(app, raw, "config", "print the configuration in force, defaults included");
    config->footer(help::kConfig);
    config->add_option("SLOT", raw.name, "only what is in force for this slot");
    declare_history(add_verb(app, raw, "history", "show what slotd remembers, over restarts too"),
                    raw);
    add_verb(app, raw, "top", "show the ports on the whole screen, as they change")
        ->footer(help::kTop);
    add_verb(app, raw, "watch", "print slotd's decisions as they are made")->footer(help::kWatch);
    CLI::App* const check =
        add_verb(app, raw, "check", "tell a monitoring system how the slots are");
    check->footer(help::kCheck);
    check->add_flag("--npd", raw.npd, "exit codes of node-problem-detector, not of Nagios");
    CLI::App* const doctor = add_verb(
        app, raw, "doctor", "examine machine and slots: what is guaranteed, what could be better");
    doctor->footer(help::kDoctor);
    doctor->add_option("SLOT", raw.name, "slot, or function in one; else all");
    declare_journal_verbs(app, raw);
    CLI::App* const metrics =
        add_verb(app, raw, "metrics", "print counters and gauges for a monitoring system");
    metrics->footer(help::kMetrics);
    metrics->add_option("--textfile", raw.textfile, "write them for node_exporter instead")
        ->type_name("PATH");
    add_verb(app, raw, "version", "print the versions of slotctl and slotd");
}

}  // namespace slotd::ctl
