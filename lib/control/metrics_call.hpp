#pragma once

#include <string>

#include "metrics/exposition.hpp"

namespace slotd::control {

/// Everything for a monitoring system.
struct GetMetrics {
    metrics::Format format = metrics::Format::OpenMetrics;
    bool operator==(const GetMetrics&) const = default;
};

struct MetricsReply {
    std::string text;
    bool operator==(const MetricsReply&) const = default;
};

}  // namespace slotd::control
