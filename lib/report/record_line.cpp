#include "report/record_line.hpp"

#include <fmt/format.h>

#include <string>

#include "action/incident.hpp"
#include "action/record.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"

namespace slotd::report {

std::string record_line(const action::Record& record, const Style& style) {
    std::string line;
    if (record.port) {
        line += record.port->to_string() + " ";
    }
    if (record.incident != 0) {
        line += "#" + action::incident_text(record.incident);
        line += record.attempt != 0 ? fmt::format(".{} ", record.attempt) : " ";
    }
    if (!record.phase.empty()) {
        line += printable(record.phase) + ": ";
    } else if (!line.empty()) {
        line.back() = ':';
        line += ' ';
    }
    line += painted(printable(record.text), paint_of(record.priority), style);
    return line;
}

}  // namespace slotd::report
