#include "history/columns.hpp"

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/overloaded.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "history/entry.hpp"
#include "pci/address.hpp"

namespace slotd::history {

namespace {

using std::chrono::microseconds;

// Far from where the next one would overflow.
constexpr std::int64_t kSeqMax = std::numeric_limits<std::int64_t>::max() / 2;

std::string cut(std::string_view text) {
    if (text.size() <= kTextBytesMax) {
        return std::string(text);
    }
    std::size_t end = kTextBytesMax;
    // Not in the middle of a character of several bytes.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
        --end;
    }
    return std::string(text.substr(0, end));
}

/// Puts values into columns.
class Writer {
public:
    void number(Column column, std::int64_t value) { at(column) = value; }

    void text(Column column, std::string_view value) { at(column) = cut(value); }

    void address(Column column, const pci::Address& value) { at(column) = value.to_string(); }

    void incident(std::uint64_t value) {
        number(Column::Incident, std::bit_cast<std::int64_t>(value));
    }

    Columns take() { return std::move(columns_); }

private:
    Value& at(Column column) { return columns_[static_cast<std::size_t>(column)]; }

    Columns columns_;
};

void write(Writer& to, const Entry& entry) {
    std::visit(
        Overloaded{
            [&](const IncidentOpened& opened) {
                to.text(Column::Slot, opened.slot);
                to.text(Column::Said, opened.cause);
            },
            [&](const IncidentClosed& closed) {
                to.number(Column::Well, closed.well ? 1 : 0);
                if (closed.frozen) {
                    to.number(Column::Ambiguous, 1);  // to whoever looks at the card
                }
                to.text(Column::Said, closed.how);
            },
            [&](const AttemptReserved& reserved) {
                to.address(Column::RootPort, reserved.root_port);
                to.number(Column::Attempt, reserved.attempt);
                to.text(Column::Step, reserved.step);
                to.number(Column::Automatic, reserved.automatic ? 1 : 0);
                to.text(Column::Who, reserved.asked_by);
            },
            [&](const AttemptEnded& ended) {
                to.number(Column::Attempt, ended.attempt);
                to.number(Column::Well, ended.well ? 1 : 0);
                to.number(Column::Ambiguous, ended.ambiguous ? 1 : 0);
                to.text(Column::Said, ended.how);
            },
            [&](const Held& held) {
                to.text(Column::Who, held.by);
                to.text(Column::Said, held.reason);
                if (held.lasts) {
                    to.number(Column::LastsUs,
                              std::chrono::duration_cast<microseconds>(*held.lasts).count());
                }
            },
            [&](const Released& released) {
                to.text(Column::Who, released.by);
                to.text(Column::Said, released.reason);
            },
            [&](const Quarantined& quarantined) { to.text(Column::Said, quarantined.reason); },
            [&](const HistoryLost& lost) { to.text(Column::Said, lost.reason); },
        },
        entry);
}

/// Takes values out of columns. What is not there, or of another type, is an empty value here:
/// row_of() compares what came out of it with what went in.
class Reader {
public:
    explicit Reader(const Columns& columns) : columns_(columns) {}

    std::int64_t number(Column column) const {
        const auto* const value = std::get_if<std::int64_t>(&at(column));
        return value != nullptr ? *value : 0;
    }

    bool boolean(Column column) const { return number(column) == 1; }

    std::string text(Column column) const {
        const auto* const value = std::get_if<std::string>(&at(column));
        return value != nullptr ? *value : std::string();
    }

    pci::Address address(Column column) const {
        return pci::Address::parse(text(column)).value_or(pci::Address{});
    }

    std::uint64_t incident() const {
        return std::bit_cast<std::uint64_t>(number(Column::Incident));
    }

    std::uint32_t attempt() const { return static_cast<std::uint32_t>(number(Column::Attempt)); }

    std::optional<Duration> lasts() const {
        constexpr std::int64_t kMost =
            std::chrono::duration_cast<microseconds>(Duration::max()).count();
        const std::int64_t value = number(Column::LastsUs);
        return std::holds_alternative<std::int64_t>(at(Column::LastsUs)) && value >= 0 &&
                       value <= kMost
                   ? std::optional<Duration>(microseconds(value))
                   : std::nullopt;
    }

private:
    const Value& at(Column column) const { return columns_[static_cast<std::size_t>(column)]; }

    const Columns& columns_;
};

std::optional<Entry> read(const Reader& from) {
    const std::string kind = from.text(Column::Kind);
    const pci::Address port = from.address(Column::Port);
    const std::string said = from.text(Column::Said);
    const std::string who = from.text(Column::Who);
    if (kind == "incident-opened") {
        return IncidentOpened{from.incident(), port, from.text(Column::Slot), said};
    }
    if (kind == "incident-closed") {
        return IncidentClosed{from.incident(), port, from.boolean(Column::Well), said,
                              from.boolean(Column::Ambiguous)};
    }
    if (kind == "attempt-reserved") {
        return AttemptReserved{port,
                               from.address(Column::RootPort),
                               from.incident(),
                               from.attempt(),
                               from.text(Column::Step),
                               from.boolean(Column::Automatic),
                               who};
    }
    if (kind == "attempt-ended") {
        return AttemptEnded{port,
                            from.incident(),
                            from.attempt(),
                            from.boolean(Column::Well),
                            from.boolean(Column::Ambiguous),
                            said};
    }
    if (kind == "held") {
        return Held{port, from.lasts(), who, said};
    }
    if (kind == "released") {
        return Released{port, who, said};
    }
    if (kind == "quarantined") {
        return Quarantined{port, said};
    }
    if (kind == "history-lost") {
        return HistoryLost{said};
    }
    return std::nullopt;
}

bool has_incident(const Entry& entry) {
    return std::visit(
        Overloaded{
            [](const OneOf<IncidentOpened, IncidentClosed, AttemptReserved, AttemptEnded> auto&) {
                return true;
            },
            [](const OneOf<Held, Released, Quarantined, HistoryLost> auto&) { return false; },
        },
        entry);
}

}  // namespace

Columns columns_of(const Row& row) {
    Writer to;
    to.number(Column::Seq, std::bit_cast<std::int64_t>(row.seq));
    to.number(Column::RealtimeUs, row.at.realtime_us);
    to.number(Column::BoottimeUs, row.at.boottime_us);
    to.text(Column::BootId, row.at.boot_id);
    to.text(Column::Kind, name_of(row.entry));
    if (const auto port = port_of(row.entry)) {
        to.address(Column::Port, *port);
    }
    if (has_incident(row.entry)) {
        to.incident(incident_of(row.entry));
    }
    write(to, row.entry);
    return to.take();
}

Result<Row> row_of(const Columns& columns) {
    const Reader from(columns);
    const std::int64_t seq = from.number(Column::Seq);
    if (seq < 1 || seq > kSeqMax) {
        return failure(ErrorKind::Malformed, "use a row without a number");
    }
    auto entry = read(from);
    if (!entry) {
        return failure(ErrorKind::Malformed,
                       "use row " + std::to_string(seq) + ": it is of no kind known here");
    }
    Row row{static_cast<std::uint64_t>(seq),
            {from.number(Column::RealtimeUs), from.number(Column::BoottimeUs),
             from.text(Column::BootId)},
            std::move(*entry)};
    // One check for every type, range, missing and surplus value.
    if (columns_of(row) != columns) {
        return failure(ErrorKind::Malformed,
                       "use row " + std::to_string(seq) + ": its values do not fit its kind");
    }
    return row;
}

std::int64_t checksum(const Columns& columns) {
    // FNV-1a, 64 bits: every step is a bijection, so that no change of one byte goes unseen.
    std::uint64_t sum = 0xcbf29ce484222325U;
    const auto add = [&sum](std::uint8_t byte) { sum = (sum ^ byte) * 0x100000001b3U; };
    const auto add_number = [&](std::uint64_t number) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            add(static_cast<std::uint8_t>(number >> shift));
        }
    };
    for (const Value& value : columns) {
        add(static_cast<std::uint8_t>(value.index()));
        std::visit(
            Overloaded{
                [](std::monostate) {},
                [&](std::int64_t number) { add_number(std::bit_cast<std::uint64_t>(number)); },
                [&](const std::string& text) {
                    add_number(text.size());
                    for (const char letter : text) {
                        add(static_cast<std::uint8_t>(letter));
                    }
                },
            },
            value);
    }
    return std::bit_cast<std::int64_t>(sum);
}

}  // namespace slotd::history
