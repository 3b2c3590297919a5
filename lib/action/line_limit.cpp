#include "action/line_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "action/record.hpp"
#include "base/time.hpp"

namespace slotd::action {

namespace {

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

void append_bytes(std::string& key, std::uint64_t number) {
    key.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// What makes lines the same. One '#' for each number: how many functions came is no other line.
/// Made for each line while a step is under way, so it is bytes and no text.
std::string likeness(const Record& record) {
    std::string key;
    key.reserve(64 + record.phase.size() + record.text.size());
    key += static_cast<char>(record.kind);
    key += static_cast<char>(record.priority);
    append_bytes(key, record.incident);
    append_bytes(key, record.attempt);
    if (record.port) {
        append_bytes(key, record.port->domain);
        append_bytes(key, record.port->bus);
        append_bytes(key, record.port->device);
        append_bytes(key, record.port->function);
    }
    key += record.phase;
    key += '\0';
    for (const char letter : record.text) {
        if (!is_digit(letter)) {
            key += letter;
        } else if (key.back() != '#') {
            key += '#';
        }
    }
    return key;
}

}  // namespace

std::vector<Record> LineLimit::admit(const Record& record, Instant now) {
    std::vector<Record> out = due(now);
    if (record.priority == Priority::Critical) {
        out.push_back(record);
        return out;
    }
    const std::string key = likeness(record);
    auto at = windows_.find(key);
    if (at == windows_.end()) {
        if (windows_.size() >= bounds_.kinds_max) {
            (void)end(std::ranges::min_element(
                          windows_, {}, [](const auto& entry) { return entry.second.began; }),
                      now, out);
        }
        at = windows_.emplace(key, Window{now, 0, 0, {}}).first;
        next_end_ = std::min(next_end_, now + bounds_.window);
    }
    Window& window = at->second;
    if (window.admitted < bounds_.lines) {
        window.admitted += 1;
        out.push_back(record);
    } else {
        window.held_back += 1;
        window.last = record;
    }
    return out;
}

std::vector<Record> LineLimit::due(Instant now) {
    std::vector<Record> said;
    if (now < next_end_) {
        return said;
    }
    next_end_ = kNever;
    for (auto at = windows_.begin(); at != windows_.end();) {
        if (now - at->second.began >= bounds_.window) {
            at = end(at, now, said);
        } else {
            next_end_ = std::min(next_end_, at->second.began + bounds_.window);
            ++at;
        }
    }
    return said;
}

std::vector<Record> LineLimit::finish(Instant now) {
    std::vector<Record> said;
    for (auto at = windows_.begin(); at != windows_.end();) {
        at = end(at, now, said);
    }
    next_end_ = kNever;
    return said;
}

LineLimit::Windows::iterator LineLimit::end(Windows::iterator at, Instant now,
                                            std::vector<Record>& said) {
    Window& window = at->second;
    if (window.held_back != 0) {
        Record record = std::move(window.last);
        record.suppressed = window.held_back;
        record.event.clear();
        const auto lasted =
            std::chrono::duration_cast<std::chrono::seconds>(now - window.began).count();
        record.text = fmt::format("{} line{} like this one {} suppressed in the last {} s: {}",
                                  record.suppressed, record.suppressed == 1 ? "" : "s",
                                  record.suppressed == 1 ? "was" : "were", lasted, record.text);
        said.push_back(std::move(record));
    }
    return windows_.erase(at);
}

}  // namespace slotd::action
