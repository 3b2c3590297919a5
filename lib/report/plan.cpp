#include "report/plan.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/usage.hpp"
#include "pci/address.hpp"
#include "policy/in_use.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/style.hpp"
#include "report/usage_tree.hpp"

namespace slotd::report {

namespace {

/// Lines under headings, each cut to the width.
class Page {
public:
    explicit Page(const Style& style) : style_(style) {}

    void line(std::string_view text, Paint paint = Paint::Plain) {
        page_ += painted(cut(printable(text), style_.columns), paint, style_) + "\n";
    }

    void list(std::string_view heading, const std::vector<std::string>& lines,
              Paint paint = Paint::Plain) {
        if (lines.empty()) {
            return;
        }
        line(heading);
        for (const std::string& one : lines) {
            line("  " + one, paint);
        }
    }

    std::string take() { return std::move(page_); }

private:
    Style style_;
    std::string page_;
};

std::vector<std::string> numbered(const std::vector<std::string>& steps) {
    std::vector<std::string> lines;
    for (const std::string& step : steps) {
        lines.push_back(fmt::format("{}. {}", lines.size() + 1, step));
    }
    return lines;
}

std::vector<std::string> not_known(const event::Usage& usage) {
    std::vector<std::string> lines = usage.unreadable;
    if (usage.left_out > 0) {
        lines.push_back(fmt::format("{} more entries, which did not fit", usage.left_out));
    }
    return lines;
}

std::vector<std::string> reasons(const std::vector<policy::Use>& uses) {
    std::vector<std::string> lines;
    for (const policy::Use& use : uses) {
        lines.push_back(use.function.to_string() + "  " + use.text);
    }
    return lines;
}

void verdict(const Plan& plan, Page& page) {
    if (!plan.text.empty()) {
        page.line(plan.text);
    }
    if (plan.would_refuse_forced) {
        page.line("slotd would refuse, with --force too", Paint::Alarm);
    } else if (plan.would_refuse) {
        page.line("slotd would refuse; with --force it resets all the same", Paint::Alarm);
    } else {
        page.line("slotd would do it", Paint::Good);
    }
}

}  // namespace

std::string plan_text(const Plan& plan, const Style& style) {
    Page page(style);
    page.line(plan.function ? fmt::format("reset of {} alone, below {}", plan.function->to_string(),
                                          plan.port.to_string())
                            : "reset of everything below " + plan.port.to_string());
    page.list("steps", numbered(plan.steps));
    if (plan.usage) {
        const std::vector<std::string> tree = usage_tree(*plan.usage, plan.function);
        page.list("disturbs", tree.empty() ? std::vector<std::string>{"no function"} : tree);
        page.list("not known", not_known(*plan.usage), Paint::Attention);
    } else {
        page.line("who uses it is not known", Paint::Attention);
    }
    page.list("in use", reasons(plan.in_use), Paint::Attention);
    verdict(plan, page);
    return page.take();
}

}  // namespace slotd::report
