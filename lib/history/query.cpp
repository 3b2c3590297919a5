#include "history/query.hpp"

#include "history/entry.hpp"

namespace slotd::history {

bool matches(const Query& query, const Row& row) {
    return (!query.port || port_of(row.entry) == query.port) &&
           (!query.incident || incident_of(row.entry) == *query.incident) &&
           (!query.since_realtime_us || row.at.realtime_us >= *query.since_realtime_us);
}

}  // namespace slotd::history
