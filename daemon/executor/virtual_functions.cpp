#include "daemon/executor/virtual_functions.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "base/parse.hpp"
#include "base/result.hpp"
#include "daemon/executor/below_port.hpp"
#include "daemon/executor/function_driver.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/driver_note.hpp"
#include "os/gate.hpp"
#include "os/sysfs_dir.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

namespace {

constexpr const char* kNumvfs = "sriov_numvfs";
constexpr const char* kAutoprobe = "sriov_drivers_autoprobe";
constexpr int kLooksMax = 2000;
constexpr timespec kBetweenLooks{.tv_sec = 0, .tv_nsec = 1'000'000};

std::string link_of(std::size_t index) {
    return fmt::format("virtfn{}", index);
}

/// nullopt where the function has no SR-IOV.
std::optional<std::size_t> number_of_vfs(const os::SysfsDir& function) {
    const auto text = function.read(kNumvfs);
    return text ? parse_unsigned<std::size_t>(*text) : std::nullopt;
}

/// What there is to note about one function; nullopt where it has no VFs.
Checked<std::optional<os::VfsGate>> look_at(const pci::Address& port, const pci::Address& address,
                                            const os::SysfsDir& function) {
    const std::size_t number = number_of_vfs(function).value_or(0);
    if (number == 0) {
        return std::nullopt;
    }
    if (number > os::kVfsMax) {
        return std::unexpected(
            refused(fmt::format("{} has {} virtual functions, at most {} can be "
                                "noted",
                                address.to_string(), number, os::kVfsMax)));
    }
    os::VfsGate gate{port, address, function.read(kAutoprobe).value_or("1") != "0", {}};
    for (std::size_t index = 0; index < number; ++index) {
        const auto vf = function.open_below(link_of(index));
        if (!vf) {
            return std::unexpected(failed(vf.error().context, vf.error().os_errno));
        }
        gate.vfs.push_back(read_driver(*vf));
        if (!os::is_driver_note(gate.vfs.back().driver) ||
            !os::is_driver_note(gate.vfs.back().driver_override)) {
            return std::unexpected(
                refused(fmt::format("the driver or driver_override of virtual function {} of {} "
                                    "cannot be noted",
                                    index, address.to_string())));
        }
    }
    return gate;
}

event::Outcome note(const Hands& hands, const os::VfsGate& gate) {
    const auto known = recorded(hands, gate);
    if (!known) {
        return outcome_of(known.error());
    }
    if (*known && std::get<os::VfsGate>(**known).vfs.size() != gate.vfs.size()) {
        // Another hand has made others since: these are the ones to bring back.
        if (auto dropped = hands.record().note_opened(gate); !dropped) {
            return outcome_of(dropped.error());
        }
    }
    return close_gate(hands, gate, [] { return Status{}; });
}

/// VFs come and go before the write returns; what stands between is a test's kernel.
bool wait_until(const os::SysfsDir& function, const std::string& link, bool there) {
    for (int look = 0; look < kLooksMax && function.exists(link) != there; ++look) {
        (void)::nanosleep(&kBetweenLooks, nullptr);
    }
    return function.exists(link) == there;
}

bool any_given_to_vfio(const os::SysfsDir& function, std::size_t number) {
    for (std::size_t index = 0; index < number; ++index) {
        const auto vf = function.open_below(link_of(index));
        if (vf && is_given_to_vfio(*vf)) {
            return true;
        }
    }
    return false;
}

/// The number of VFs as it was noted; their drivers are not probed for.
event::Outcome make_vfs(const Hands& hands, const os::VfsGate& gate, const os::SysfsDir& function,
                        std::size_t now) {
    const std::string name = gate.function.to_string();
    if (now != 0 && any_given_to_vfio(function, now)) {
        return failed(
            fmt::format("{} has {} virtual functions in place of {}, some with vfio-pci: "
                        "they stay",
                        name, now, gate.vfs.size()));
    }
    if (hands.called_off()) {
        return came_back_late("bringing back virtual functions of " + name);
    }
    if (function.exists(kAutoprobe)) {
        if (auto written = hands.write(function, kAutoprobe, "0"); !written) {
            return outcome_of(written.error());
        }
    }
    if (now != 0) {
        const auto dropped = hands.write(function, kNumvfs, "0");
        if (!dropped || !wait_until(function, link_of(0), false)) {
            return failed(fmt::format("{} keeps {} virtual functions in place of {}", name, now,
                                      gate.vfs.size()),
                          dropped ? 0 : dropped.error().os_errno);
        }
    }
    const auto made = hands.write(function, kNumvfs, std::to_string(gate.vfs.size()));
    if (!made || !wait_until(function, link_of(gate.vfs.size() - 1), true)) {
        return failed(
            fmt::format("{} did not get its {} virtual functions back", name, gate.vfs.size()),
            made ? 0 : made.error().os_errno);
    }
    return done();
}

std::string or_none(const std::string& what, const std::string& name) {
    return name.empty() ? "no " + what : what + " " + name;
}

std::optional<std::string> difference(const std::string& name, const os::DriverNote& now,
                                      const os::DriverNote& before) {
    if (now.driver != before.driver) {
        return fmt::format("{} has {} in place of {}", name, or_none("driver", now.driver),
                           before.driver.empty() ? "none" : before.driver);
    }
    if (now.driver_override != before.driver_override) {
        return fmt::format("{} has {} in place of {}", name,
                           or_none("driver_override", now.driver_override),
                           before.driver_override.empty() ? "none" : before.driver_override);
    }
    return std::nullopt;
}

/// Override and driver of one VF, where it has none; then what is not as it was. An error shows in
/// that.
std::optional<std::string> complete(const Hands& hands, const os::SysfsDir& function,
                                    std::size_t index, const os::DriverNote& before,
                                    bool& changed) {
    const auto vf = function.open_below(link_of(index));
    const auto address = pci::Address::parse(function.link_name(link_of(index)).value_or(""));
    if (!vf || !address) {
        return fmt::format("virtual function {} is not there", index);
    }
    os::DriverNote now = read_driver(*vf);
    if (now.driver.empty() && now.driver_override.empty() && !before.driver_override.empty()) {
        changed = true;
        (void)set_override(hands, *vf, before.driver_override);
        now = read_driver(*vf);
    }
    if (now.driver.empty() && !before.driver.empty() &&
        now.driver_override == before.driver_override) {
        changed = true;
        (void)bind_driver(hands, *vf, *address, before.driver);
    }
    return difference(address->to_string(), read_driver(*vf), before);
}

constexpr std::size_t kContextBytesMax = 255;

/// As many as an outcome's context holds.
std::string listed(const std::vector<std::string>& differences) {
    std::string text;
    for (std::size_t index = 0; index < differences.size(); ++index) {
        const std::size_t left = differences.size() - index;
        const std::string more = fmt::format("; {} more", left);
        const std::string next = (text.empty() ? "" : "; ") + differences[index];
        // The last one needs no room for "more" behind it.
        const std::size_t tail = left == 1 ? 0 : more.size();
        if (text.size() + next.size() + tail > kContextBytesMax) {
            return text + more;
        }
        text += next;
    }
    return text;
}

event::Outcome with_context(event::Outcome outcome, std::string context) {
    outcome.context = std::move(context);
    return outcome;
}

}  // namespace

event::Outcome note_vfs(const Hands& hands, const action::NoteVfs& effect) {
    const auto port = check_port(hands, effect.port);
    if (!port) {
        return port.error();
    }
    const auto functions = functions_below(*port);
    if (!functions) {
        return outcome_of(functions.error());
    }
    std::vector<os::VfsGate> found;
    for (const FunctionBelow& one : *functions) {
        auto gate = look_at(effect.port, one.address, one.dir);
        if (!gate) {
            return gate.error();
        }
        if (*gate) {
            found.push_back(std::move(**gate));
        }
    }
    if (found.empty()) {
        return already_so("nothing below " + effect.port.to_string() + " has virtual functions");
    }
    for (const os::VfsGate& gate : found) {
        if (event::Outcome noted = note(hands, gate); !noted.succeeded()) {
            // Nothing was lost yet, so this only forgets.
            (void)restore_vfs(hands, action::RestoreVfs{effect.port});
            return noted;
        }
    }
    return done();
}

event::Outcome drop_noted_vfs(const Hands& hands, const CheckedPort& port) {
    const auto functions = functions_below(port);
    if (!functions) {
        return outcome_of(functions.error());
    }
    // All are looked at before one is dropped: Refused says that nothing was touched.
    for (const FunctionBelow& one : *functions) {
        const std::size_t number = number_of_vfs(one.dir).value_or(0);
        if (number == 0) {
            continue;
        }
        const std::string name = one.address.to_string();
        const auto noted = recorded(hands, os::VfsGate{port.address, one.address, true, {}});
        if (!noted || !*noted) {
            return refused(
                fmt::format("{} has {} virtual functions that were not noted", name, number));
        }
        if (any_given_to_vfio(one.dir, number)) {
            return refused("a virtual function of " + name + " belongs to VFIO");
        }
    }
    for (const FunctionBelow& one : *functions) {
        if (number_of_vfs(one.dir).value_or(0) == 0) {
            continue;
        }
        const auto dropped = hands.write(one.dir, kNumvfs, "0");
        if (!dropped || !wait_until(one.dir, link_of(0), false)) {
            return failed(one.address.to_string() + " does not let go of its virtual functions",
                          dropped ? 0 : dropped.error().os_errno);
        }
    }
    return done();
}

event::Outcome restore_vfs(const Hands& hands, const action::RestoreVfs& effect) {
    const auto closed = hands.record().load();
    if (!closed) {
        return outcome_of(closed.error());
    }
    std::optional<event::Outcome> worst;
    std::vector<std::string> contexts;
    // By what has to be told first: a failure, a card that is gone, VFs that were brought back.
    const auto rank = [](const event::Outcome& one) {
        return one.kind == event::OutcomeKind::AlreadySo ? 0
               : one.kind == event::OutcomeKind::Done    ? 1
               : one.kind == event::OutcomeKind::Gone    ? 2
                                                         : 3;
    };
    for (const os::Gate& gate : closed->gates) {
        const auto* const vfs = std::get_if<os::VfsGate>(&gate);
        if (vfs == nullptr || vfs->port != effect.port) {
            continue;
        }
        event::Outcome opened = open_gate(hands, gate);
        if (!opened.context.empty() && opened.kind != event::OutcomeKind::AlreadySo) {
            contexts.push_back(opened.context);
        }
        if (!worst || rank(opened) > rank(*worst)) {
            worst = std::move(opened);
        }
    }
    if (!worst) {
        return already_so("no virtual functions below " + effect.port.to_string() + " are noted");
    }
    return contexts.empty() ? *worst : with_context(*worst, listed(contexts));
}

event::Outcome restore_noted(const Hands& hands, const os::VfsGate& gate) {
    const auto function = hands.device_dir(gate.function);
    if (!function) {
        return outcome_of(function.error());
    }
    const std::optional<std::size_t> number = number_of_vfs(*function);
    if (!number) {
        return gone(gate.function.to_string() + " has no SR-IOV by now");
    }
    bool changed = *number != gate.vfs.size();
    const event::Outcome made =
        changed ? make_vfs(hands, gate, *function, *number) : event::Outcome{};
    if (!changed && !gate.vfs.empty()) {
        // A worker that outlived slotd-exec may be writing the number right now. The kernel shows
        // it when they are there, with sriov_drivers_autoprobe as it was when they came.
        (void)wait_until(*function, link_of(gate.vfs.size() - 1), true);
    }
    std::vector<std::string> differences;
    if (made.succeeded()) {
        for (std::size_t index = 0; index < gate.vfs.size(); ++index) {
            if (auto other = complete(hands, *function, index, gate.vfs[index], changed)) {
                differences.push_back(std::move(*other));
            }
        }
    }
    const std::string autoprobe = gate.autoprobe ? "1" : "0";
    if (function->exists(kAutoprobe) && function->read(kAutoprobe).value_or("") != autoprobe) {
        changed = true;
        if (auto written = hands.write(*function, kAutoprobe, autoprobe);
            !written && made.succeeded()) {
            return failed(written.error().context, written.error().os_errno);
        }
    }
    if (!made.succeeded()) {
        return made;
    }
    if (!changed && differences.empty()) {
        return already_so("virtual functions of " + gate.function.to_string() + " are as noted");
    }
    return with_context(done(), listed(differences));
}

}  // namespace slotd::executor
