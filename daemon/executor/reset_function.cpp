#include "daemon/executor/reset_function.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "action/effect.hpp"
#include "base/parse.hpp"
#include "base/result.hpp"
#include "daemon/executor/gates.hpp"
#include "daemon/executor/hands.hpp"
#include "daemon/executor/outcomes.hpp"
#include "daemon/executor/subject_check.hpp"
#include "event/outcome.hpp"
#include "os/gate.hpp"
#include "os/sysfs_dir.hpp"

namespace slotd::executor {

namespace {

constexpr const char* kResetMethod = "reset_method";

bool lists(std::string_view methods, std::string_view wanted) {
    while (!methods.empty()) {
        if (next_field(methods, ' ') == wanted) {
            return true;
        }
    }
    return false;
}

/// The kernel's word for the wanted method; nullopt where the function does not have it. af_flr is
/// the same reset through the Advanced Features capability of conventional PCI.
std::optional<std::string> method_word(std::string_view methods, action::KernelReset wanted) {
    switch (wanted) {
        case action::KernelReset::Flr:
            for (const char* word : {"flr", "af_flr"}) {
                if (lists(methods, word)) {
                    return word;
                }
            }
            return std::nullopt;
        case action::KernelReset::Bus:
            return lists(methods, "bus") ? std::optional<std::string>("bus") : std::nullopt;
    }
    return std::nullopt;
}

event::Outcome write_reset(const Hands& hands, const os::SysfsDir& dir) {
    if (hands.called_off()) {
        return came_back_late("write " + dir.path() + "/reset");
    }
    if (auto written = hands.write(dir, "reset", "1"); !written) {
        return written.error().kind == ErrorKind::NotFound
                   ? outcome_of(written.error())
                   : failed(written.error().context, written.error().os_errno);
    }
    return done();
}

}  // namespace

event::Outcome reset_function(const Hands& hands, const action::ResetFunction& effect) {
    const auto function = check_function(hands, effect.function, Bridges::Refused);
    if (!function) {
        return function.error();
    }
    // Left by a worker that was killed: what stands in the file now is our own doing.
    if (const auto left = recorded(hands, os::ResetMethodGate{effect.function, {}, {}});
        left && *left) {
        if (event::Outcome opened = open_gate(hands, **left); !opened.succeeded()) {
            return opened;
        }
    }
    const auto methods = function->dir.read(kResetMethod);
    if (!methods && methods.error().kind == ErrorKind::NotFound) {
        return refused("the kernel has no reset method for " + effect.function.to_string(), ENOTTY);
    }
    if (!methods) {
        return outcome_of(methods.error());
    }
    const std::optional<std::string> only = method_word(*methods, effect.method);
    if (!only) {
        return refused(effect.function.to_string() +
                           " can be reset by: " + (methods->empty() ? "nothing" : *methods),
                       ENOTTY);
    }
    if (*only == *methods) {
        return write_reset(hands, function->dir);
    }
    const os::ResetMethodGate gate{effect.function, *methods, *only};
    event::Outcome closed =
        close_gate(hands, gate, [&] { return hands.write(function->dir, kResetMethod, *only); });
    if (!closed.succeeded()) {
        return closed;
    }
    event::Outcome reset = write_reset(hands, function->dir);
    const event::Outcome opened = open_gate(hands, gate);
    // A function that went away took its reset_method with it. Else the reset's own end comes
    // first; the gate is in the record, and is opened again later.
    if (reset.succeeded() && !opened.succeeded() && opened.kind != event::OutcomeKind::Gone) {
        return failed("put back reset_method of " + effect.function.to_string(), opened.os_errno);
    }
    return reset;
}

event::Outcome restore_reset_method(const Hands& hands, const os::ResetMethodGate& gate) {
    const auto dir = hands.device_dir(gate.function);
    if (!dir) {
        return outcome_of(dir.error());
    }
    const auto now = dir->read(kResetMethod);
    if (!now) {
        return outcome_of(now.error());
    }
    if (*now == gate.methods) {
        return already_so("reset_method of " + gate.function.to_string() + " is as it was");
    }
    if (*now != gate.only) {
        // Another card, or another hand: that list is not ours.
        return gone("reset_method of " + gate.function.to_string() + " is \"" + *now + "\" by now");
    }
    if (auto written = hands.write(*dir, kResetMethod, gate.methods); !written) {
        return written.error().kind == ErrorKind::NotFound
                   ? outcome_of(written.error())
                   : failed(written.error().context, written.error().os_errno);
    }
    return done();
}

}  // namespace slotd::executor
