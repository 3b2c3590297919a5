#include "os/journal_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "action/incident.hpp"
#include "action/record.hpp"

namespace slotd::os {

namespace {

void append_field(std::string& datagram, std::string_view name, std::string_view value) {
    datagram += name;
    if (value.find('\n') == std::string_view::npos) {
        datagram += '=';
    } else {
        // A value of several lines carries its length, 64 bits little endian.
        datagram += '\n';
        std::uint64_t left = value.size();
        for (int byte = 0; byte < 8; ++byte, left >>= 8) {
            datagram += static_cast<char>(left & 0xff);
        }
    }
    datagram += value;
    datagram += '\n';
}

std::string_view kept_text(const action::Record& record) {
    return std::string_view(record.text).substr(0, kRecordTextBytesMax);
}

}  // namespace

std::string_view message_id(action::RecordKind kind) {
    using action::RecordKind;
    // Made once with `systemd-id128 new`; never changed, since people and catalogs search for them.
    switch (kind) {
        case RecordKind::DaemonStarted:
            return "a53ee7ed49c7400c9b93e0b0416c92d6";
        case RecordKind::DaemonStopping:
            return "a8a4c22e805b4c09a91eeaebbf5f1f66";
        case RecordKind::PhaseChanged:
            return "2b0b39dadb754c4294143acc0fb31f73";
        case RecordKind::IncidentOpened:
            return "ab7032ed52b541c7b25755c43e7afc48";
        case RecordKind::IncidentClosed:
            return "94af31ab95ff4e399e767999a3b4488d";
        case RecordKind::EffectFailed:
            return "da955a7325aa487c9cb185cb666ac5ae";
        case RecordKind::Wedged:
            return "6cd4144629b24ff38b648daec178bdae";
        case RecordKind::RequestAccepted:
            return "6cddf6386cb747a298e92b72a146664d";
        case RecordKind::RequestRefused:
            return "d737ec591d454bf480e473ed8df9d524";
        case RecordKind::EventsMissed:
            return "38c1e6a910a642939a0279bab6086b9c";
        case RecordKind::GateProblem:
            return "6d3b7d79fb20452a866ed914334a8afc";
        case RecordKind::NoAction:
            return "a34a9d77ecbd48a7ad8c2ea042f2c5fd";
        case RecordKind::OverlapSeen:
            return "7345187054474721a79757fa9c940b32";
        case RecordKind::SlotsChanged:
            return "24a32d27906d4a1db434c928f0d6726f";
        case RecordKind::InUse:
            return "630596b62c2341a29a8e5a3e296aafcb";
        case RecordKind::Quarantined:
            return "c213b186133b4a2cae3427aee576e44d";
        case RecordKind::Held:
            return "5e136e7764eb40babe8a4a5ec66e058e";
        case RecordKind::History:
            return "6473c3dfd4f6403fb7927351f792d9aa";
        case RecordKind::VfsDiffer:
            return "9a718ff9c78b42918c9cb80e6a4cb912";
        case RecordKind::Configuration:
            return "faccf7f34100437d8015ab3fcaf49929";
    }
    return "";
}

std::string journal_datagram(const action::Record& record) {
    std::string datagram;
    append_field(datagram, "MESSAGE", kept_text(record));
    append_field(datagram, "PRIORITY", fmt::format("{}", std::to_underlying(record.priority)));
    append_field(datagram, "MESSAGE_ID", message_id(record.kind));
    append_field(datagram, "SYSLOG_IDENTIFIER", "slotd");
    append_field(datagram, "SLOTD_KIND", action::to_text(record.kind));
    if (record.port) {
        append_field(datagram, "SLOTD_PORT", record.port->to_string());
    }
    if (!record.slot.empty()) {
        append_field(datagram, "SLOTD_SLOT", record.slot);
    }
    if (record.incident != 0) {
        append_field(datagram, "SLOTD_INCIDENT", action::incident_text(record.incident));
    }
    if (record.attempt != 0) {
        append_field(datagram, "SLOTD_ATTEMPT", fmt::format("{}", record.attempt));
    }
    if (!record.phase.empty()) {
        append_field(datagram, "SLOTD_PHASE", record.phase);
    }
    if (record.suppressed != 0) {
        append_field(datagram, "SLOTD_SUPPRESSED", fmt::format("{}", record.suppressed));
    }
    if (!record.event.empty()) {
        append_field(datagram, "SLOTD_EVENT", record.event);
    }
    return datagram;
}

std::string stderr_line(const action::Record& record) {
    std::string line = fmt::format("<{}>", std::to_underlying(record.priority));
    if (record.port) {
        line += record.port->to_string() + " ";
    }
    if (!record.slot.empty()) {
        line += "(slot " + record.slot + ") ";
    }
    if (record.incident != 0) {
        line += "[incident " + action::incident_text(record.incident);
        line += record.attempt != 0 ? fmt::format(" attempt {}] ", record.attempt) : "] ";
    }
    line += kept_text(record);
    // What a driver or a requester wrote must not become a line, or a terminal command, of its own.
    std::ranges::replace_if(
        line, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, ' ');
    line.resize(std::min(line.size(), kStderrLineBytesMax - 1));
    line += '\n';
    return line;
}

action::Record dropped_lines(std::uint64_t count) {
    return action::Record{
        .priority = action::Priority::Warning,
        .kind = action::RecordKind::EventsMissed,
        .port = {},
        .slot = {},
        .incident = 0,
        .attempt = 0,
        .phase = {},
        .text = fmt::format("{} line{} of slotd could not be written here and {} lost", count,
                            count == 1 ? "" : "s", count == 1 ? "is" : "are"),
        .event = {},
        .suppressed = 0};
}

}  // namespace slotd::os
