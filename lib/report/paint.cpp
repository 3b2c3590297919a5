#include "report/paint.hpp"

#include <string>
#include <string_view>

#include "action/record.hpp"
#include "report/style.hpp"

namespace slotd::report {

namespace {

const char* sequence(Paint paint) {
    switch (paint) {
        case Paint::Plain:
            return "";
        case Paint::Good:
            return "\x1b[32m";
        case Paint::Attention:
            return "\x1b[33m";
        case Paint::Alarm:
            return "\x1b[1;31m";
        case Paint::Faint:
            return "\x1b[2m";
    }
    return "";
}

}  // namespace

std::string painted(std::string_view text, Paint paint, const Style& style) {
    if (!style.colour || paint == Paint::Plain) {
        return std::string(text);
    }
    return sequence(paint) + std::string(text) + "\x1b[0m";
}

Paint paint_of_phase(std::string_view phase) {
    if (phase == "idle") {
        return Paint::Good;
    }
    if (phase == "wedged" || phase == "quarantined") {
        return Paint::Alarm;
    }
    return Paint::Attention;
}

Paint paint_of(action::Priority priority) {
    switch (priority) {
        case action::Priority::Critical:
        case action::Priority::Error:
            return Paint::Alarm;
        case action::Priority::Warning:
            return Paint::Attention;
        case action::Priority::Notice:
        case action::Priority::Info:
            return Paint::Plain;
        case action::Priority::Debug:
            return Paint::Faint;
    }
    return Paint::Plain;
}

}  // namespace slotd::report
