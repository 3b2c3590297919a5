#include <algorithm>
#include <expected>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/diagnosis_json.hpp"
#include "control/fault.hpp"
#include "control/find_slot.hpp"
#include "control/message.hpp"
#include "daemon/ctl/absence.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/verbs.hpp"
#include "os/kernel_facts.hpp"
#include "os/port_facts.hpp"
#include "os/sysfs_topology.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "report/checkup.hpp"
#include "report/diagnosis.hpp"
#include "report/doctor_page.hpp"
#include "report/health.hpp"

namespace slotd::ctl {

namespace {

constexpr const char* kThisMachine = "/sys";

template <class Reply>
std::expected<Reply, ExitCode> told(const Invocation& invocation, const control::Method& method,
                                    Result<Reply> (*decode)(std::string_view)) {
    auto session = Session::call(invocation.socket, method, false);
    if (!session) {
        return std::unexpected(session.error());
    }
    const auto reply = session->answer(kAnswerTime);
    if (!reply) {
        return std::unexpected(reply.error());
    }
    auto decoded = decode(reply->parameters);
    if (!decoded) {
        return std::unexpected(not_understood(decoded.error()));
    }
    return std::move(*decoded);
}

/// What slotd knows; the slots as they were listed, each with what was noted of it.
std::expected<report::Checkup, ExitCode> ask_slotd(const Invocation& invocation) {
    const auto list = told(invocation, control::ListSlots{}, control::decode_slots);
    if (!list) {
        return std::unexpected(list.error());
    }
    const auto doctor = told(invocation, control::ConsultDoctor{}, control::decode_doctor);
    if (!doctor) {
        return std::unexpected(doctor.error());
    }
    report::Checkup checkup;
    checkup.daemon = doctor->notes.daemon;
    const std::vector<report::SlotNotes>& notes = doctor->notes.slots;
    for (const auto& status : list->slots) {
        const auto at = std::ranges::find(notes, status.port, &report::SlotNotes::port);
        // One that has come or gone in between has no notes.
        checkup.machine.push_back(
            {status, at != notes.end() ? *at : report::SlotNotes{.port = status.port}});
    }
    return checkup;
}

/// Those that were asked about; a fault where the name means none.
std::expected<std::vector<report::SlotCase>, control::Fault> chosen(
    const std::vector<report::SlotCase>& machine, const DoctorCommand& doctor) {
    if (!doctor.slot) {
        return machine;
    }
    std::vector<coordinator::SlotStatus> statuses;
    std::ranges::transform(machine, std::back_inserter(statuses), &report::SlotCase::status);
    const auto found = control::find_slot(statuses, *doctor.slot);
    if (!found) {
        return std::unexpected(found.error());
    }
    std::vector<report::SlotCase> one;
    std::ranges::copy_if(machine, std::back_inserter(one), [&](const report::SlotCase& slot) {
        return slot.status.port == found->slot.port;
    });
    return one;
}

/// Adds what everybody can read. Nothing of it is read before slotd has told which slots are idle.
void examine(report::Checkup& checkup, const std::vector<report::SlotCase>& slots) {
    if (checkup.daemon.sysfs == kThisMachine) {
        checkup.kernel = os::read_kernel_facts();
    }
    const auto topology = os::SysfsTopology(checkup.daemon.sysfs).scan().value_or(pci::Topology{});
    for (const report::SlotCase& slot : slots) {
        checkup.slots.push_back(
            {slot, os::read_port_facts(checkup.daemon.sysfs, topology, slot.status)});
    }
}

}  // namespace

ExitCode run_doctor(const DoctorCommand& doctor, const Invocation& invocation) {
    auto checkup = ask_slotd(invocation);
    if (!checkup) {
        if (checkup.error() == ExitCode::NotReachable ||
            checkup.error() == ExitCode::OutcomeUnknown) {
            complain(why_slotd_is_silent());
        }
        return checkup.error();
    }
    const auto slots = chosen(checkup->machine, doctor);
    if (!slots) {
        complain(control::to_string(slots.error()));
        return exit_code_of(slots.error());
    }
    examine(*checkup, *slots);
    const report::Diagnosis diagnosis = report::diagnose(*checkup);
    const std::string text = invocation.json
                                 ? control::diagnosis_json(*checkup, diagnosis) + "\n"
                                 : report::doctor_page(*checkup, diagnosis, stdout_style());
    return finish(print(text), ExitCode{std::to_underlying(diagnosis.severity)});
}

}  // namespace slotd::ctl
