#include "metrics/exposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "report/printable.hpp"

namespace slotd::metrics {

namespace {

std::string_view type_text(Type type, Format format) {
    switch (type) {
        case Type::Counter:
            return "counter";
        case Type::Gauge:
            return "gauge";
        case Type::Histogram:
            return "histogram";
        case Type::Info:
            return format == Format::OpenMetrics ? "info" : "gauge";
    }
    return "";
}

std::string_view suffix_of(Type type) {
    return type == Type::Counter ? "_total" : type == Type::Info ? "_info" : "";
}

bool plain(char letter) {
    return letter >= ' ' && letter <= '~' && letter != '\\' && letter != '"';
}

/// Both formats escape alike in label values. A line feed cannot be left after printable().
void append_escaped(std::string& text, std::string_view value) {
    if (std::ranges::all_of(value, plain)) {
        text += value;
        return;
    }
    for (const char letter : report::printable(value)) {
        if (letter == '\\' || letter == '"') {
            text += '\\';
        }
        text += letter;
    }
}

std::string number(double value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        return value > 0 ? "+Inf" : "-Inf";
    }
    return fmt::format("{}", value);
}

/// OpenMetrics asks for floating point numbers as bounds: "1.0", so that all writers have the same
/// series.
std::string canonical(double bound) {
    std::string text = number(bound);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::string name_in_queries(const Family& family) {
    return std::string(family.name) + std::string(suffix_of(family.type));
}

void Histogram::observe(double seconds) {
    const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
    counts_.at(static_cast<std::size_t>(bucket)) += 1;
    sum_ += seconds;
}

void Exposition::begin(const Family& family) {
    family_ = &family;
    const bool open_metrics = format_ == Format::OpenMetrics;
    const std::string name = open_metrics ? std::string(family.name) : name_in_queries(family);
    text_ += fmt::format("# TYPE {} {}\n", name, type_text(family.type, format_));
    if (open_metrics && !family.unit.empty()) {
        text_ += fmt::format("# UNIT {} {}\n", name, family.unit);
    }
    text_ += fmt::format("# HELP {} {}\n", name, family.help);
}

void Exposition::sample(LabelValues values, double value) {
    line(suffix_of(family_->type), values, "", number(value));
}

void Exposition::sample(LabelValues values, std::uint64_t value) {
    const fmt::format_int text(value);
    line(suffix_of(family_->type), values, "", {text.data(), text.size()});
}

void Exposition::sample(LabelValues values, const Histogram& histogram) {
    std::uint64_t up_to = 0;
    for (std::size_t bucket = 0; bucket < histogram.counts().size(); ++bucket) {
        up_to += histogram.counts()[bucket];
        const std::string bound =
            bucket < Histogram::kBounds.size() ? canonical(Histogram::kBounds.at(bucket)) : "+Inf";
        line("_bucket", values, bound, fmt::format("{}", up_to));
    }
    line("_sum", values, "", number(histogram.sum()));
    line("_count", values, "", fmt::format("{}", up_to));
}

void Exposition::label(bool& first, std::string_view name, std::string_view value) {
    text_ += first ? '{' : ',';
    first = false;
    text_ += name;
    text_ += "=\"";
    append_escaped(text_, value);
    text_ += '"';
}

void Exposition::line(std::string_view suffix, LabelValues values, std::string_view bound,
                      std::string_view value) {
    SLOTD_ASSERT(family_ != nullptr);
    text_ += family_->name;
    text_ += suffix;
    bool first = true;
    std::string_view names = family_->labels;
    for (const std::string_view one : values) {
        const std::size_t end = std::min(names.find(' '), names.size());
        SLOTD_ASSERT(end != 0);
        label(first, names.substr(0, end), one);
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    SLOTD_ASSERT(names.empty());
    if (!bound.empty()) {
        label(first, "le", bound);
    }
    text_ += first ? " " : "} ";
    text_ += value;
    text_ += '\n';
}

std::string Exposition::text() && {
    if (format_ == Format::OpenMetrics) {
        text_ += "# EOF\n";
    }
    return std::move(text_);
}

}  // namespace slotd::metrics
