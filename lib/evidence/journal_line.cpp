#include "evidence/journal_line.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "action/incident.hpp"
#include "action/record.hpp"
#include "base/parse.hpp"
#include "evidence/decode.hpp"
#include "pci/address.hpp"

namespace slotd::evidence {

namespace {

/// The year 2096: differences of it and a few of the evidence's times fit into a Duration.
constexpr std::int64_t kWallUsMax = 4'000'000'000'000'000;

std::optional<action::RecordKind> kind_from(const std::optional<std::string>& text) {
    const auto all = action::all_record_kinds();
    const auto at = std::ranges::find_if(
        all, [&](action::RecordKind kind) { return text && action::to_text(kind) == *text; });
    return at == all.end() ? std::nullopt : std::optional(*at);
}

action::Priority priority_from(const std::string& text) {
    const auto number = parse_unsigned<std::uint8_t>(text);
    const bool known = number && *number >= 2 && *number <= 7;
    return known ? static_cast<action::Priority>(*number) : action::Priority::Info;
}

}  // namespace

std::optional<JournalLine> journal_line(std::int64_t wall_us, const FieldOf& field) {
    const auto text = [&](const char* name) { return field(name).value_or(""); };
    const auto kind = kind_from(field("SLOTD_KIND"));
    if (!kind) {
        return std::nullopt;
    }
    JournalLine line;
    line.wall_us = std::clamp<std::int64_t>(wall_us, 0, kWallUsMax);
    line.boot = text("_BOOT_ID");
    line.run = field("_SYSTEMD_INVOCATION_ID").value_or(text("_PID"));
    line.record.kind = *kind;
    line.record.priority = priority_from(text("PRIORITY"));
    line.record.port = pci::Address::parse(text("SLOTD_PORT"));
    line.record.slot = text("SLOTD_SLOT");
    line.record.incident = action::incident_from_text(text("SLOTD_INCIDENT")).value_or(0);
    line.record.attempt = parse_unsigned<std::uint32_t>(text("SLOTD_ATTEMPT")).value_or(0);
    line.record.phase = text("SLOTD_PHASE");
    line.record.text = text("MESSAGE");
    line.record.suppressed = parse_unsigned<std::uint64_t>(text("SLOTD_SUPPRESSED")).value_or(0);
    if (const auto event = field("SLOTD_EVENT")) {
        auto evidence = decode(*event);
        if (evidence) {
            line.evidence = std::move(*evidence);
        } else {
            line.problem = evidence.error().message();
        }
    }
    return line;
}

}  // namespace slotd::evidence
