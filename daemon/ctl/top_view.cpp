#include "daemon/ctl/top_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "report/line.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"
#include "report/record_line.hpp"
#include "report/slot_page.hpp"
#include "report/slot_tree.hpp"

namespace slotd::ctl {

namespace {

using report::Line;
using report::Paint;

constexpr std::string_view kHelp = R"(
  Up, Down          choose a slot
  PgUp, PgDn        a screen up or down
  Home, End         the first or last slot
  Enter             everything about the chosen slot
  Esc               back
  r                 ask slotd again
  h, ?              this
  q                 quit

  The tree is drawn anew whenever slotd decides something; nothing is asked
  for while nothing happens. Below it are the newest decisions.

  Green: at rest. Yellow: slotd or the kernel is at work, or a link is slower
  or narrower than it could be. Red: waits for a person.)";

/// The part of `lines` that is shown, filled up to `rows`.
std::vector<ScreenLine> window(std::vector<ScreenLine> lines, std::size_t from, std::size_t rows) {
    lines.erase(lines.begin(),
                lines.begin() + static_cast<std::ptrdiff_t>(std::min(from, lines.size())));
    lines.resize(rows);
    return lines;
}

}  // namespace

void TopView::slots_are(std::vector<coordinator::SlotStatus> slots) {
    slots_ = std::move(slots);
    order_.clear();
    for (const Line& line : report::slot_tree(slots_, {}).lines) {
        if (line.heads_slot) {
            order_.push_back(*line.port);
        }
    }
    const bool there = chosen_ && std::ranges::find(order_, *chosen_) != order_.end();
    if (!there && page_ != Page::Slot) {
        chosen_ = order_.empty() ? std::nullopt : std::optional(order_.front());
    }
}

void TopView::heard(const control::RecordReply& reply, const std::string& time) {
    if (reply.missed != 0) {
        heard_.push_back(
            {time, {{{fmt::format("... {} records missed", reply.missed), Paint::Attention}}}});
    }
    heard_.push_back(
        {time,
         {{{report::record_line(reply.record, {}), report::paint_of(reply.record.priority)}}}});
    while (heard_.size() > kRecordsMax) {
        heard_.pop_front();
    }
}

void TopView::trouble_is(std::string trouble) {
    trouble_ = std::move(trouble);
}

TopView::Wish TopView::pressed(Key key) {
    const auto page = static_cast<std::ptrdiff_t>(page_rows_);
    const bool tree = page_ == Page::Tree;
    switch (key) {
        case Key::Quit:
            return Wish::Quit;
        case Key::Refresh:
            return Wish::Refresh;
        case Key::Up:
            tree ? choose(-1) : scroll(-1);
            break;
        case Key::Down:
            tree ? choose(1) : scroll(1);
            break;
        case Key::PageUp:
            tree ? choose(-page / 2) : scroll(-page);
            break;
        case Key::PageDown:
            tree ? choose(page / 2) : scroll(page);
            break;
        case Key::Home:
            tree ? choose(-static_cast<std::ptrdiff_t>(order_.size())) : scroll(-1'000'000);
            break;
        case Key::End:
            tree ? choose(static_cast<std::ptrdiff_t>(order_.size())) : scroll(1'000'000);
            break;
        case Key::Enter:
            page_ = chosen_ && tree ? Page::Slot : page_;
            top_line_ = page_ == Page::Slot ? 0 : top_line_;
            break;
        case Key::Back:
            page_ = Page::Tree;
            top_line_ = 0;
            break;
        case Key::Help:
            page_ = page_ == Page::Help ? Page::Tree : Page::Help;
            top_line_ = 0;
            break;
        case Key::Other:
            break;
    }
    return Wish::Nothing;
}

void TopView::choose(std::ptrdiff_t step) {
    if (order_.empty()) {
        return;
    }
    const auto at = chosen_ ? std::ranges::find(order_, *chosen_) : order_.begin();
    const std::ptrdiff_t now = at == order_.end() ? 0 : at - order_.begin();
    const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(order_.size()) - 1;
    chosen_ = order_[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(now + step, 0, last))];
}

void TopView::scroll(std::ptrdiff_t step) {
    // The page knows its own end, and stops there.
    top_line_ = static_cast<std::size_t>(
        std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(top_line_) + step, 0));
}

Line TopView::title(std::size_t columns) const {
    std::map<std::string, std::size_t> phases;
    for (const coordinator::SlotStatus& slot : slots_) {
        ++phases[slot.phase];
    }
    std::string text =
        fmt::format("slotd: {} slot{}", slots_.size(), slots_.size() == 1 ? "" : "s");
    for (const auto& [phase, count] : phases) {
        text += fmt::format(", {} {}", count, report::printable(phase));
    }
    constexpr std::string_view kKeys = "  h help, q quit";
    Line line;
    if (!trouble_.empty()) {
        line.spans.push_back({report::printable(trouble_), Paint::Alarm});
    } else {
        line.spans.push_back({text, Paint::Plain});
    }
    const std::size_t used = report::columns(line.spans.front().text);
    if (used + kKeys.size() <= columns) {
        line.spans.push_back({std::string(columns - used - kKeys.size(), ' '), Paint::Plain});
        line.spans.push_back({std::string(kKeys), Paint::Faint});
    }
    return line;
}

std::vector<ScreenLine> TopView::decisions(std::size_t rows) const {
    std::vector<ScreenLine> lines;
    const std::size_t from = heard_.size() > rows ? heard_.size() - rows : 0;
    for (std::size_t at = from; at < heard_.size(); ++at) {
        Line line{{{heard_[at].time + " ", Paint::Faint}}};
        line.spans.insert(line.spans.end(), heard_[at].line.spans.begin(),
                          heard_[at].line.spans.end());
        lines.push_back({line});
    }
    return window(std::move(lines), 0, rows);
}

std::vector<ScreenLine> TopView::tree_page(std::size_t rows, std::size_t columns) {
    // A third for the decisions, where there is room for both.
    const std::size_t below = rows >= 9 ? rows / 3 : 0;
    const std::size_t room = rows - 1 - (below > 0 ? below + 1 : 0);
    page_rows_ = std::max<std::size_t>(room, 1);
    const report::SlotTree tree =
        report::slot_tree(slots_, {.colour = false, .columns = columns, .unicode = unicode_});
    std::vector<ScreenLine> lines;
    std::size_t chosen_at = 0;
    for (const Line& line : tree.lines) {
        const bool chosen = line.heads_slot && line.port == chosen_;
        chosen_at = chosen ? lines.size() : chosen_at;
        lines.push_back({line, chosen});
    }
    // What is chosen is on the screen, and the screen is not emptier than it must be.
    const std::size_t latest = lines.size() > room ? lines.size() - room : 0;
    top_line_ = std::min({top_line_, latest, chosen_at});
    if (room > 0 && chosen_at >= top_line_ + room) {
        top_line_ = chosen_at - room + 1;
    }
    if (slots_.empty() && trouble_.empty()) {
        lines.push_back({{{{"no PCIe port on this machine", Paint::Plain}}}});
    }
    std::vector<ScreenLine> page{{tree.heading}};
    std::ranges::move(window(std::move(lines), top_line_, room), std::back_inserter(page));
    if (below > 0) {
        page.push_back({{{{"DECISIONS", Paint::Faint}}}});
        std::ranges::move(decisions(below), std::back_inserter(page));
    }
    return page;
}

std::vector<ScreenLine> TopView::text_page(const std::string& text, std::size_t rows) {
    page_rows_ = std::max<std::size_t>(rows, 1);
    std::vector<ScreenLine> lines;
    for (std::string_view rest = text; !rest.empty();) {
        lines.push_back({{{{std::string(next_field(rest, '\n')), Paint::Plain}}}});
    }
    top_line_ = std::min(top_line_, lines.size() > rows ? lines.size() - rows : 0);
    return window(std::move(lines), top_line_, rows);
}

std::string TopView::slot_text() const {
    const auto slot = std::ranges::find(slots_, chosen_, &coordinator::SlotStatus::port);
    return slot != slots_.end() ? report::slot_page(*slot, {})
                                : chosen_->to_string() + " is gone; Esc leads back\n";
}

std::vector<ScreenLine> TopView::screen(std::size_t rows, std::size_t columns) {
    if (rows == 0) {
        return {};
    }
    std::vector<ScreenLine> lines{{title(columns)}};
    const std::size_t left = rows - 1;
    if (left > 0) {
        std::ranges::move(page_ == Page::Tree   ? tree_page(left, columns)
                          : page_ == Page::Slot ? text_page(slot_text(), left)
                                                : text_page(std::string(kHelp), left),
                          std::back_inserter(lines));
    }
    for (ScreenLine& shown : lines) {
        shown.line = report::cut(shown.line, columns);
    }
    lines.resize(rows);
    return lines;
}

}  // namespace slotd::ctl
