// SPDX-License-Identifier: GPL-2.0-or-later
#include "record.hpp"

#include <ctime>

namespace lab {

std::int64_t now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

void Record::add(std::int64_t at_us, std::string_view lane, std::string_view text) {
    std::string line = std::to_string(at_us);
    line.append(" ").append(lane).append(" ");
    for (const char c : text) {
        line += c == '\n' ? ' ' : c;  // one record, one line
    }
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
}

std::string Record::lines_from(std::size_t first, std::size_t& next) const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (std::size_t i = first; i < lines_.size(); ++i) {
        all += lines_[i];
        all += '\n';
    }
    next = lines_.size();
    return all;
}

}  // namespace lab
