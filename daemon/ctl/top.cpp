#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/local_time.hpp"
#include "daemon/ctl/screen.hpp"
#include "daemon/ctl/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/ctl/top_feed.hpp"
#include "daemon/ctl/top_view.hpp"
#include "daemon/ctl/verbs.hpp"
#include "os/unique_fd.hpp"
#include "report/style.hpp"

namespace slotd::ctl {

namespace {

/// Signals as something to wait for: those that end the program, which must leave the terminal as
/// it was, and that of another size.
class Signals {
public:
    Signals() {
        sigset_t signals;
        sigemptyset(&signals);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) {
            sigaddset(&signals, number);
        }
        if (::sigprocmask(SIG_BLOCK, &signals, nullptr) == 0) {
            fd_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
        }
    }

    int fd() const { return fd_.get(); }

    /// 0 when there is none (any more).
    int next() const {
        signalfd_siginfo signal{};
        const bool read = ::read(fd_.get(), &signal, sizeof signal) == sizeof signal;
        return read ? static_cast<int>(signal.ssi_signo) : 0;
    }

private:
    os::UniqueFd fd_;
};

/// One run of the view.
class Top {
public:
    Top(const std::string& socket, std::unique_ptr<Screen> screen, const Signals& signals,
        TopView view)
        : signals_(signals),
          screen_(std::move(screen)),
          feed_(socket),
          view_(std::move(view)) {}

    ExitCode run() {
        for (;;) {
            take(feed_.go_on(TopFeed::Clock::now()));
            screen_->draw(view_.screen(screen_->rows(), screen_->columns()));
            if (!wait()) {
                return ExitCode::Ok;  // the terminal is gone
            }
            if (const auto ended = hear_signals()) {
                return *ended;
            }
            while (const auto key = screen_->key()) {
                const TopView::Wish wish = view_.pressed(*key);
                if (wish == TopView::Wish::Quit) {
                    return ExitCode::Ok;
                }
                if (wish == TopView::Wish::Refresh) {
                    feed_.refresh();
                    screen_->resized();
                }
            }
        }
    }

private:
    void take(TopFeed::News news) {
        for (const control::RecordReply& record : news.records) {
            view_.heard(record, local_time());
        }
        if (news.slots) {
            view_.slots_are(std::move(*news.slots));
        }
        if (news.trouble) {
            view_.trouble_is(std::move(*news.trouble));
        }
    }

    /// Until something is to be done; false when nothing can be typed any more.
    bool wait() {
        std::array<pollfd, 4> waiting{{{STDIN_FILENO, POLLIN, 0},
                                       {signals_.fd(), POLLIN, 0},
                                       {feed_.records_fd(), POLLIN, 0},
                                       {feed_.slots_fd(), POLLIN, 0}}};
        int milliseconds = -1;
        if (const auto at = feed_.wake_at()) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(*at - TopFeed::Clock::now());
            milliseconds = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
        }
        (void)::poll(waiting.data(), waiting.size(), milliseconds);
        return (waiting[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
    }

    std::optional<ExitCode> hear_signals() {
        for (int number = signals_.next(); number != 0; number = signals_.next()) {
            if (number != SIGWINCH) {
                return number == SIGINT ? ExitCode::Interrupted : ExitCode::Terminated;
            }
            screen_->resized();
        }
        return std::nullopt;
    }

    const Signals& signals_;
    std::unique_ptr<Screen> screen_;
    TopFeed feed_;
    TopView view_;
};

}  // namespace

ExitCode run_top(const Invocation& invocation) {
    if (::isatty(STDOUT_FILENO) == 0 || ::isatty(STDIN_FILENO) == 0) {
        complain("top needs a terminal; 'slotctl list' and 'slotctl watch' do not");
        return ExitCode::Usage;
    }
    // Whether this user may ask at all is said before the screen is taken.
    auto session = Session::call(invocation.socket, control::ListSlots{}, false);
    if (!session) {
        return session.error();
    }
    const auto first = session->answer(kAnswerTime);
    if (!first) {
        return first.error();
    }
    auto list = control::decode_slots(first->parameters);
    if (!list) {
        return not_understood(list.error());
    }
    const report::Style style = stdout_style(invocation.colour);
    const Signals signals;
    auto screen = Screen::open(style.colour);
    if (screen == nullptr) {
        complain("top does not know this terminal; is TERM right?");
        return ExitCode::Usage;
    }
    TopView view(style.unicode);
    view.slots_are(std::move(list->slots));
    return Top(invocation.socket, std::move(screen), signals, std::move(view)).run();
}

}  // namespace slotd::ctl
