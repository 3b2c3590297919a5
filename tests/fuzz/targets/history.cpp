// history::row_of and what follows from rows of a file that may be damaged; the mark beside it.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "history/columns.hpp"
#include "history/entry.hpp"
#include "history/remembered.hpp"
#include "history/stamp.hpp"
#include "os/history_mark.hpp"
#include "report/history_list.hpp"
#include "report/wall_time.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

using history::Columns;
using history::Row;

constexpr Duration kWindow = std::chrono::hours(1);

/// A byte says what each column is, then come a number or a text; what does not fit is null.
Columns take_columns(ByteReader& in) {
    constexpr std::size_t kTextMax = 2048;
    Columns columns;
    for (history::Value& value : columns) {
        switch (in.number<std::uint8_t>()) {
            case 'n':
                value = std::int64_t{in.number<std::uint8_t>()};
                break;
            case 'N':
                value = std::bit_cast<std::int64_t>(in.number<std::uint64_t>());
                break;
            case 't':
                value = in.text(kTextMax);
                break;
            default:
                break;
        }
    }
    return columns;
}

void require_remembered(const std::vector<Row>& rows) {
    const history::Stamp now{1'764'172'800'000'000, 3'600'000'000, "boot"};
    history::Recall recall(now, kWindow);
    std::set<std::uint64_t> seqs;
    for (const Row& row : rows) {
        require(history::age_of(row.at, now) >= Duration::zero(), "nothing is from the future");
        recall.add(row);
        seqs.insert(row.seq);
    }
    const history::Remembered remembered = recall.remembered();
    for (const history::SpentAttempt& spent : remembered.spent) {
        require(spent.age >= Duration::zero() && spent.age <= kWindow, "what is old is not spent");
    }
    for (const history::RunningHold& hold : remembered.holds) {
        require(!hold.left || *hold.left > Duration::zero(), "a hold that is over does not hold");
    }
    for (const std::uint64_t seq : recall.needed()) {
        require(seqs.contains(seq), "what is needed was there");
    }
    history::Recall of_needed(now, kWindow);
    const std::vector<std::uint64_t> needed = recall.needed();
    const std::set<std::uint64_t> kept(needed.begin(), needed.end());
    for (const Row& row : rows) {
        if (kept.contains(row.seq)) {
            of_needed.add(row);
        }
    }
    require(of_needed.remembered().quarantines == remembered.quarantines,
            "what is needed keeps every quarantine");
}

void require_mark(std::string_view text) {
    if (const auto seq = os::seq_in_mark(text)) {
        require(os::mark_text(*seq) == text, "encode(decode(x)) is x");
    }
}

}  // namespace

void fuzz_history(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kRowsMax = 32;
    require_mark(text_of(bytes));
    ByteReader in(bytes);
    std::vector<Row> rows;
    while (in.ok() && !in.finished() && rows.size() < kRowsMax) {
        const Columns columns = take_columns(in);
        auto row = history::row_of(columns);
        if (!row) {
            require(is_printable(row.error().context), "what is wrong with a row is printable");
            continue;
        }
        require(history::columns_of(*row) == columns, "encode(decode(x)) is x");
        Columns changed = columns;
        changed[0] = std::int64_t{-1};
        require(history::checksum(changed) != history::checksum(columns), "a sum shows a change");
        // As the file has them: seqs only grow.
        if (rows.empty() || rows.back().seq < row->seq) {
            rows.push_back(std::move(*row));
        }
    }
    require_remembered(rows);
    report::HistoryItems items;
    for (const Row& row : rows) {
        items.items.push_back(report::item_of(row));
    }
    require(has_printable_lines(report::history_list(items, report::iso_time, {})),
            "a history is printable");
}

}  // namespace slotd::fuzz
