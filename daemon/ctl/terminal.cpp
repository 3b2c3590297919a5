#include "daemon/ctl/terminal.hpp"

#include <asm-generic/ioctls.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "report/style.hpp"

namespace slotd::ctl {

namespace {

constexpr std::size_t kColumnsDefault = 80;

std::string_view environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view(value);
}

}  // namespace

report::Style stdout_style(Colour colour) {
    const bool terminal = ::isatty(STDOUT_FILENO) != 0;
    const bool wanted = environment("NO_COLOR").empty() && environment("TERM") != "dumb";
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    report::Style style;
    style.colour = colour == Colour::Always || (colour == Colour::Auto && terminal && wanted);
    style.columns = !terminal ? 0 : known ? size.ws_col : kColumnsDefault;
    style.unicode = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
    return style;
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool print(std::string_view text) {
    return write_all(STDOUT_FILENO, text);
}

void print_error(std::string_view text) {
    (void)write_all(STDERR_FILENO, text);  // there is nowhere else to say it
}

void complain(std::string_view text) {
    print_error("slotctl: " + std::string(text) + "\n");
}

}  // namespace slotd::ctl
