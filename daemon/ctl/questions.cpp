#include <chrono>
#include <string>
#include <string_view>

#include "base/parse.hpp"
#include "base/time.hpp"
#include "control/message.hpp"
#include "control/plan_reply.hpp"
#include "daemon/ctl/ask.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "report/plan.hpp"
#include "report/printable.hpp"
#include "report/slot_page.hpp"
#include "report/slot_tree.hpp"

namespace slotd::ctl {

namespace {

/// slotd-exec reads sysfs and procfs for a plan, and gives up by itself before that.
constexpr Duration kPlanTime = std::chrono::seconds(30);

std::string done_text(const control::DoneReply& done) {
    return report::printable(done.text) + "\n";
}

}  // namespace

ExitCode run_list(const Invocation& invocation) {
    return ask(invocation, control::ListSlots{},
               read_as(control::decode_slots, [&](const control::SlotsReply& list) {
                   return report::slot_list(list.slots, stdout_style(invocation.colour));
               }));
}

ExitCode run_show(const ShowCommand& show, const Invocation& invocation) {
    return ask(invocation, control::ShowSlot{show.slot},
               read_as(control::decode_slot, [&](const control::SlotReply& shown) {
                   return report::slot_page(shown.slot, stdout_style(invocation.colour));
               }));
}

ExitCode run_plan(const PlanCommand& plan, const Invocation& invocation) {
    return ask(invocation, control::PlanReset{plan.target, plan.method},
               read_as(control::decode_plan,
                       [&](const control::PlanReply& reply) {
                           return report::plan_text(reply, stdout_style(invocation.colour));
                       }),
               kPlanTime);
}

ExitCode run_hold(const HoldCommand& hold, const Invocation& invocation) {
    return ask(invocation, control::HoldSlot{hold.slot, hold.lasts, hold.reason},
               read_as(control::decode_done, done_text));
}

ExitCode run_release(const ReleaseCommand& release, const Invocation& invocation) {
    return ask(invocation, control::ReleaseSlot{release.slot, release.reason},
               read_as(control::decode_done, done_text));
}

ExitCode run_reload(const ReloadCommand& reload, const Invocation& invocation) {
    return ask(invocation, control::ReloadConfig{reload.reason},
               read_as(control::decode_reload, [](const control::ReloadReply& reply) {
                   std::string text;
                   for (const std::string& change : reply.changed) {
                       text += report::printable(change) + "\n";
                   }
                   for (const std::string& waits : reply.after_restart) {
                       text += report::printable(waits) + ", takes effect after a restart\n";
                   }
                   return text.empty() ? std::string("nothing is different\n") : text;
               }));
}

ExitCode run_config(const ConfigCommand& config, const Invocation& invocation) {
    return ask(invocation, control::GetConfig{config.slot},
               read_as(control::decode_config, [](const control::ConfigReply& reply) {
                   std::string text;
                   for (std::string_view rest = reply.toml; !rest.empty();) {
                       // What slotd writes is printable as it stands, and so reads back.
                       text += report::printable(next_field(rest, '\n')) + "\n";
                   }
                   return text;
               }));
}

ExitCode run_version(const Invocation& invocation) {
    // slotctl's own is known whether or not somebody answers; JSON is slotd's reply and nothing
    // else.
    if (!invocation.json && !print(std::string("slotctl ") + SLOTD_VERSION + "\n")) {
        return finish(false, ExitCode::Ok);
    }
    return ask(invocation, control::GetVersion{},
               read_as(control::decode_version, [](const control::VersionReply& version) {
                   return "slotd " + report::printable(version.version) + "\n";
               }));
}

}  // namespace slotd::ctl
