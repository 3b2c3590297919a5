#include "os/event_loop.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "os/clock.hpp"
#include "os/os_error.hpp"

namespace slotd::os {

namespace {

// sd-event groups timers within 250 ms by default; a deadline of the kernel's is not the place.
constexpr std::uint64_t kAccuracyMicroseconds = 1000;

std::uint64_t microseconds_of(Instant when) {
    // Rounded up: a timer that fires before its deadline would be armed again for the same one.
    const auto count = std::chrono::ceil<std::chrono::microseconds>(
                           std::min(when, kNever - std::chrono::hours(1)).time_since_epoch())
                           .count();
    return count <= 0 ? 0 : static_cast<std::uint64_t>(count);
}

using OnReady = std::function<void(Ready)>;
using OnPassed = std::function<void()>;

// The callbacks belong to their source: sd-event calls these when the last reference goes. A call
// in progress keeps a reference, so a callback may end its own watch.
template <class Callback>
void destroy(void* callback) noexcept {
    delete static_cast<Callback*>(callback);
}

int call_ready(sd_event_source*, int, std::uint32_t events, void* callback) noexcept {
    const Ready ready{.readable = (events & EPOLLIN) != 0,
                      .writable = (events & EPOLLOUT) != 0,
                      .hung_up = (events & (EPOLLHUP | EPOLLERR)) != 0};
    (*static_cast<OnReady*>(callback))(ready);
    return 0;
}

int call_passed(sd_event_source*, std::uint64_t, void* callback) noexcept {
    (*static_cast<OnPassed*>(callback))();
    return 0;
}

int call_arrived(sd_event_source*, const signalfd_siginfo*, void* callback) noexcept {
    (*static_cast<OnPassed*>(callback))();
    return 0;
}

using Source = std::unique_ptr<sd_event_source, detail::SourceDeleter>;

// Ownership of the callback goes to the source; an sd-event source that cannot be set up takes it
// along.
template <class Callback>
Status adopt(sd_event_source* source, Turn turn, Callback callback) {
    auto owned = std::make_unique<Callback>(std::move(callback));
    int result = sd_event_source_set_destroy_callback(source, destroy<Callback>);
    if (result >= 0) {
        (void)sd_event_source_set_userdata(source, owned.release());
        result = sd_event_source_set_priority(source, std::to_underlying(turn));
    }
    if (result < 0) {
        return std::unexpected(os_error(-result, "set up an event source"));
    }
    return {};
}

}  // namespace

void detail::SourceDeleter::operator()(sd_event_source* source) const {
    (void)sd_event_source_disable_unref(source);
}

void EventLoop::LoopDeleter::operator()(sd_event* loop) const {
    (void)sd_event_unref(loop);
}

EventLoop::EventLoop(sd_event* loop) : loop_(loop) {}

Result<EventLoop> EventLoop::open() {
    sd_event* loop = nullptr;
    if (const int result = sd_event_new(&loop); result < 0) {
        return std::unexpected(os_error(-result, "open the event loop"));
    }
    return EventLoop{loop};
}

Result<Watch> EventLoop::watch(int fd, Turn turn, std::function<void(Ready)> ready) {
    sd_event_source* raw = nullptr;
    const int result = sd_event_add_io(loop_.get(), &raw, fd, EPOLLIN, call_ready, nullptr);
    if (result < 0) {
        return std::unexpected(os_error(-result, "watch a descriptor"));
    }
    Watch watch;
    watch.source_.reset(raw);
    if (auto adopted = adopt(raw, turn, std::move(ready)); !adopted) {
        return std::unexpected(std::move(adopted.error()));
    }
    return watch;
}

Result<Timer> EventLoop::timer(Turn turn, std::function<void()> passed) {
    sd_event_source* raw = nullptr;
    const int result = sd_event_add_time(loop_.get(), &raw, CLOCK_MONOTONIC, UINT64_MAX,
                                         kAccuracyMicroseconds, call_passed, nullptr);
    if (result < 0) {
        return std::unexpected(os_error(-result, "make a timer"));
    }
    Timer timer;
    timer.source_.reset(raw);
    if (auto adopted = adopt(raw, turn, std::move(passed)); !adopted) {
        return std::unexpected(std::move(adopted.error()));
    }
    return timer;
}

Status EventLoop::on_signal(int signal_number, std::function<void()> arrived) {
    sigset_t set;
    (void)::sigemptyset(&set);
    (void)::sigaddset(&set, signal_number);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) {
        return std::unexpected(os_error(errno, "block a signal"));
    }
    sd_event_source* raw = nullptr;
    const int result = sd_event_add_signal(loop_.get(), &raw, signal_number, call_arrived, nullptr);
    if (result < 0) {
        return std::unexpected(os_error(-result, "take a signal"));
    }
    Source source(raw);
    if (auto adopted = adopt(raw, Turn::Completion, std::move(arrived)); !adopted) {
        return adopted;
    }
    // Floating: the loop keeps the source when our reference goes. Not through SourceDeleter, which
    // would disable it.
    (void)sd_event_source_set_floating(raw, 1);
    (void)sd_event_source_unref(source.release());
    return {};
}

Result<int> EventLoop::run() {
    const int result = sd_event_loop(loop_.get());
    if (result < 0) {
        return std::unexpected(os_error(-result, "run the event loop"));
    }
    return result;
}

Result<bool> EventLoop::run_once(Duration longest) {
    const auto wait = std::chrono::ceil<std::chrono::microseconds>(longest).count();
    const int result = sd_event_run(loop_.get(), static_cast<std::uint64_t>(std::max(wait, 0L)));
    if (result < 0) {
        return std::unexpected(os_error(-result, "run the event loop"));
    }
    return result > 0;
}

void EventLoop::stop(int code) {
    SLOTD_ASSERT(code >= 0);
    (void)sd_event_exit(loop_.get(), code);  // fails for a loop that has finished only
}

Instant EventLoop::now() const {
    std::uint64_t microseconds = 0;
    if (sd_event_now(loop_.get(), CLOCK_MONOTONIC, &microseconds) != 0) {
        return read_clock();
    }
    return Instant{std::chrono::microseconds(microseconds)};
}

Result<bool> EventLoop::keep_watchdog() {
    const int result = sd_event_set_watchdog(loop_.get(), 1);
    if (result < 0) {
        return std::unexpected(os_error(-result, "set up the watchdog"));
    }
    return result > 0;
}

Status Watch::want_writable(bool wanted) {
    SLOTD_ASSERT(source_ != nullptr);
    const std::uint32_t events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
    const int result = sd_event_source_set_io_events(source_.get(), events);
    if (result < 0) {
        return std::unexpected(os_error(-result, "watch a descriptor for writing"));
    }
    return {};
}

Status Timer::arm(Instant when) {
    SLOTD_ASSERT(source_ != nullptr);
    if (when == kNever) {
        const int result = sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
        return result < 0 ? Status(std::unexpected(os_error(-result, "disarm a timer"))) : Status{};
    }
    int result = sd_event_source_set_time(source_.get(), microseconds_of(when));
    if (result >= 0) {
        result = sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
    }
    if (result < 0) {
        return std::unexpected(os_error(-result, "arm a timer"));
    }
    return {};
}

void notify_ready(const std::string& status) {
    (void)sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());  // best effort by definition
}

void notify_reloading() {
    // systemd tells by the time which of two reloads this is about (sd_notify(3)).
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(read_clock().time_since_epoch());
    (void)sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count())).c_str());
}

void notify_status(const std::string& status) {
    (void)sd_notify(0, ("STATUS=" + status).c_str());
}

void notify_stopping() {
    (void)sd_notify(0, "STOPPING=1");
}

}  // namespace slotd::os
