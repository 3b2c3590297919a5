#include "daemon/ctl/screen.hpp"

#define NCURSES_NOMACROS  // they are called erase, move, refresh
#include <curses.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/top_view.hpp"
#include "report/line.hpp"
#include "report/paint.hpp"
#include "report/printable.hpp"

namespace slotd::ctl {

namespace {

using report::Paint;

/// Numbers of ncurses' colour pairs.
constexpr short kGreen = 1;
constexpr short kYellow = 2;
constexpr short kRed = 3;

attr_t attributes_of(Paint paint) {
    switch (paint) {
        case Paint::Plain:
        case Paint::Good:
        case Paint::Attention:
            return A_NORMAL;
        case Paint::Alarm:
            return A_BOLD;
        case Paint::Faint:
            return A_DIM;
    }
    return A_NORMAL;
}

short pair_of(Paint paint) {
    switch (paint) {
        case Paint::Plain:
        case Paint::Faint:
            return 0;
        case Paint::Good:
            return kGreen;
        case Paint::Attention:
            return kYellow;
        case Paint::Alarm:
            return kRed;
    }
    return 0;
}

Key key_of(int typed) {
    switch (typed) {
        case KEY_UP:
        case 'k':
            return Key::Up;
        case KEY_DOWN:
        case 'j':
            return Key::Down;
        case KEY_PPAGE:
            return Key::PageUp;
        case KEY_NPAGE:
        case ' ':
            return Key::PageDown;
        case KEY_HOME:
            return Key::Home;
        case KEY_END:
            return Key::End;
        case KEY_ENTER:
        case '\n':
        case '\r':
            return Key::Enter;
        case 27:  // Esc
        case KEY_BACKSPACE:
        case KEY_LEFT:
            return Key::Back;
        case 'h':
        case '?':
            return Key::Help;
        case 'r':
        case 12:  // Ctrl-L
            return Key::Refresh;
        case 'q':
        case 'Q':
            return Key::Quit;
        default:
            return Key::Other;
    }
}

}  // namespace

std::unique_ptr<Screen> Screen::open(bool colour) {
    // initscr() ends the program where it does not know the terminal; this says so.
    SCREEN* const terminal = ::newterm(nullptr, stdout, stdin);
    if (terminal == nullptr) {
        return nullptr;
    }
    std::unique_ptr<Screen> screen(new Screen);
    (void)::set_term(terminal);
    (void)::cbreak();  // Ctrl-C stays a signal, and that is waited for
    (void)::noecho();
    (void)::nonl();
    (void)::curs_set(0);
    (void)::keypad(stdscr, TRUE);
    (void)::nodelay(stdscr, TRUE);
    (void)::set_escdelay(50);
    screen->colour_ = colour && ::has_colors() == TRUE;
    if (screen->colour_) {
        (void)::start_color();
        const bool own = ::use_default_colors() == OK;
        const short background = own ? -1 : COLOR_BLACK;
        (void)::init_pair(kGreen, COLOR_GREEN, background);
        (void)::init_pair(kYellow, COLOR_YELLOW, background);
        (void)::init_pair(kRed, COLOR_RED, background);
    }
    return screen;
}

Screen::~Screen() {
    (void)::endwin();
}

std::size_t Screen::rows() const {
    return static_cast<std::size_t>(std::max(getmaxy(stdscr), 0));
}

std::size_t Screen::columns() const {
    return static_cast<std::size_t>(std::max(getmaxx(stdscr), 0));
}

void Screen::draw(const std::vector<ScreenLine>& lines) {
    (void)::erase();
    int row = 0;
    for (const ScreenLine& shown : lines) {
        draw_line(row++, shown);
    }
    (void)::refresh();
}

void Screen::draw_line(int row, const ScreenLine& shown) const {
    (void)::move(row, 0);
    std::size_t used = 0;
    const attr_t reverse = shown.chosen ? A_REVERSE : A_NORMAL;
    for (const report::Span& span : shown.line.spans) {
        (void)::attr_set(attributes_of(span.paint) | reverse,
                         colour_ ? pair_of(span.paint) : short{0}, nullptr);
        (void)::addnstr(span.text.c_str(), static_cast<int>(span.text.size()));
        used += report::columns(span.text);
    }
    (void)::attr_set(reverse, 0, nullptr);
    if (shown.chosen && used < columns()) {
        const std::string rest(columns() - used, ' ');
        (void)::addnstr(rest.c_str(), static_cast<int>(rest.size()));
    }
    (void)::attr_set(A_NORMAL, 0, nullptr);
}

std::optional<Key> Screen::key() {
    const int typed = ::getch();
    return typed == ERR ? std::nullopt : std::optional(key_of(typed));
}

void Screen::resized() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        (void)::resizeterm(size.ws_row, size.ws_col);
    }
    (void)::clearok(stdscr, TRUE);
}

}  // namespace slotd::ctl
