#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "control/message.hpp"
#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "report/line.hpp"

namespace slotd::ctl {

/// What somebody pressed, as far as `slotctl top` cares.
enum class Key { Up, Down, PageUp, PageDown, Home, End, Enter, Back, Help, Refresh, Quit, Other };

/// A line of the screen; a chosen one is shown in reverse.
struct ScreenLine {
    report::Line line;
    bool chosen = false;
    bool operator==(const ScreenLine&) const = default;
};

/// `slotctl top` without a terminal: what slotd says and what is pressed go in, what the screen
/// shows comes out.
class TopView {
public:
    static constexpr std::size_t kRecordsMax = 200;

    explicit TopView(bool unicode) : unicode_(unicode) {}

    void slots_are(std::vector<coordinator::SlotStatus> slots);
    /// `time`: when it arrived.
    void heard(const control::RecordReply& reply, const std::string& time);
    /// "slotd is gone, waiting"; empty: all is well.
    void trouble_is(std::string trouble);

    enum class Wish { Nothing, Quit, Refresh };
    Wish pressed(Key key);

    /// Exactly `rows` lines, none wider than `columns`.
    std::vector<ScreenLine> screen(std::size_t rows, std::size_t columns);

private:
    enum class Page { Tree, Slot, Help };

    struct Heard {
        std::string time;
        report::Line line;
    };

    std::vector<ScreenLine> tree_page(std::size_t rows, std::size_t columns);
    std::vector<ScreenLine> text_page(const std::string& text, std::size_t rows);
    std::vector<ScreenLine> decisions(std::size_t rows) const;
    report::Line title(std::size_t columns) const;
    std::string slot_text() const;
    void choose(std::ptrdiff_t step);
    void scroll(std::ptrdiff_t step);

    bool unicode_;
    std::vector<coordinator::SlotStatus> slots_;  ///< by place in the tree once shown
    std::vector<pci::Address> order_;             ///< ports as the tree has them
    std::deque<Heard> heard_;                     ///< the newest last
    std::string trouble_;
    Page page_ = Page::Tree;
    std::optional<pci::Address> chosen_;
    std::size_t top_line_ = 0;  ///< of the tree, or of the page's text
    std::size_t page_rows_ = 1;
};

}  // namespace slotd::ctl
