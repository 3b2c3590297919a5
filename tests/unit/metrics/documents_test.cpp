#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/exposition.hpp"
#include "metrics/families.hpp"

namespace slotd::metrics {
namespace {

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? ""
                                      : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Cells of a row "| a | b |".
std::vector<std::string> cells_of(const std::string& row) {
    std::vector<std::string> cells;
    std::istringstream stream(row.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) {
        cells.push_back(trimmed(cell));
    }
    return cells;
}

const char* word_of(Type type) {
    switch (type) {
        case Type::Counter:
            return "counter";
        case Type::Gauge:
            return "gauge";
        case Type::Histogram:
            return "histogram";
        case Type::Info:
            return "info";
    }
    return "";
}

// Rules and dashboard are held to the page by tests/lab/test_alerts.py.
TEST(Documents, TheMetricsPageHasEachWithItsTypeAndLabels) {
    std::ifstream page(SLOTD_SOURCE_DIR "/docs/metrics.md");
    std::map<std::string, std::string> written;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("| `slotd_")) {
            const auto cells = cells_of(line);
            ASSERT_EQ(cells.size(), 4U) << line;
            written[cells[0]] = cells[1] + ": " + cells[2];
        }
    }

    std::map<std::string, std::string> told;
    for (const Family* const family : all_families()) {
        told["`" + name_in_queries(*family) + "`"] =
            std::string(word_of(family->type)) + ": " + std::string(family->labels);
    }

    EXPECT_EQ(written, told);
}

}  // namespace
}  // namespace slotd::metrics
