#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace slotd::metrics {

/// OpenMetrics 1.0 for whoever asks slotd; the older text format of Prometheus (0.0.4) for
/// node_exporter's textfile collector, which knows no type `info`, wants the type of a counter
/// declared under the name with `_total`, and has no end mark.
enum class Format : std::uint8_t { OpenMetrics, Prometheus };

enum class Type : std::uint8_t { Counter, Gauge, Histogram, Info };

/// What all samples of one name have in common.
struct Family {
    std::string_view name;  ///< without what the type adds (`_total`, `_info`); ends in the unit
    Type type = Type::Gauge;
    std::string_view unit;    ///< base unit, "seconds"; empty where it is a number of things
    std::string_view labels;  ///< their names with a blank between, in the order of sample()
    std::string_view help;
};

/// The name as queries have it: "slotd_incidents_total".
std::string name_in_queries(const Family& family);

/// Observations in seconds, counted by upper bound.
class Histogram {
public:
    static constexpr std::array<double, 11> kBounds{0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300};

    void observe(double seconds);

    /// Of each bound those up to it and above the one before; the last: above all bounds.
    std::span<const std::uint64_t> counts() const { return counts_; }

    double sum() const { return sum_; }

private:
    std::array<std::uint64_t, kBounds.size() + 1> counts_{};
    double sum_ = 0;
};

using LabelValues = std::initializer_list<std::string_view>;

/// Writes families with their samples, one after the other, as text.
class Exposition {
public:
    /// `bytes`: about how long the text will be.
    explicit Exposition(Format format, std::size_t bytes = 0) : format_(format) {
        text_.reserve(bytes);
    }

    /// Begins the next family. `family` must live until the next one begins.
    void begin(const Family& family);
    /// A sample of the family, with a value for each of its labels: any UTF-8, control characters
    /// are made harmless.
    void sample(LabelValues values, double value);
    void sample(LabelValues values, std::uint64_t value);
    void sample(LabelValues values, const Histogram& histogram);

    /// Ends the text.
    std::string text() &&;

private:
    void line(std::string_view suffix, LabelValues values, std::string_view bound,
              std::string_view value);
    void label(bool& first, std::string_view name, std::string_view value);

    Format format_;
    const Family* family_ = nullptr;
    std::string text_;
};

}  // namespace slotd::metrics
