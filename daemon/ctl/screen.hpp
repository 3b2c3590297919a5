#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/ctl/top_view.hpp"

namespace slotd::ctl {

/// The whole terminal, through ncurses. It is as it was before once this is destroyed. One at a
/// time.
class Screen {
public:
    /// nullptr where the terminal cannot move its cursor, or none is known by TERM.
    static std::unique_ptr<Screen> open(bool colour);
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    std::size_t rows() const;
    std::size_t columns() const;

    void draw(const std::vector<ScreenLine>& lines);
    /// The next of what was typed; nullopt when that is all. Never waits.
    std::optional<Key> key();
    /// The terminal has another size now.
    void resized();

private:
    Screen() = default;

    void draw_line(int row, const ScreenLine& shown) const;

    bool colour_ = false;
};

}  // namespace slotd::ctl
