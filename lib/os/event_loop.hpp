#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

struct sd_event;
struct sd_event_source;

namespace slotd::os {

/// Which of several ready sources goes first: what the kernel says before what we started, that
/// before deadlines, all before clients.
enum class Turn : std::int8_t { Kernel = -20, Completion = -10, Deadline = 0, Client = 10 };

/// What a watched descriptor is ready for. `hung_up` comes unasked: the other side is gone or an
/// error waits to be read.
struct Ready {
    bool readable = false;
    bool writable = false;
    bool hung_up = false;

    bool operator==(const Ready&) const = default;
};

namespace detail {
struct Callbacks;

struct SourceDeleter {
    void operator()(sd_event_source* source) const;
};
}  // namespace detail

/// One watched descriptor; watching ends with this object. The descriptor itself belongs to the
/// caller and must outlive it. May be destroyed from inside its own callback.
class Watch {
public:
    Watch() = default;

    /// Also wait for room to write, or no longer; a new watch waits for reading only.
    Status want_writable(bool wanted);

    explicit operator bool() const { return source_ != nullptr; }

private:
    friend class EventLoop;
    std::unique_ptr<sd_event_source, detail::SourceDeleter> source_;
};

/// One deadline, armed again and again; the callback runs once for each arming.
class Timer {
public:
    Timer() = default;

    /// Replaces what was armed before; kNever disarms. A time that has passed fires in the next
    /// turn.
    Status arm(Instant when);

    explicit operator bool() const { return source_ != nullptr; }

private:
    friend class EventLoop;
    std::unique_ptr<sd_event_source, detail::SourceDeleter> source_;
};

/// The one loop of the process, over sd-event: single-threaded, one callback at a time, lower Turn
/// first. A callback must not block and must not throw.
class EventLoop {
public:
    static Result<EventLoop> open();

    Result<Watch> watch(int fd, Turn turn, std::function<void(Ready)> ready);
    Result<Timer> timer(Turn turn, std::function<void()> passed);
    /// Blocks the signal for this process (children inherit that: unblock it in them before exec)
    /// and calls `arrived` from the loop instead, for as long as the loop lives.
    Status on_signal(int signal_number, std::function<void()> arrived);

    /// Runs until stop(); the code given there, or an error of the loop itself.
    Result<int> run();
    /// Runs one turn: waits at most `longest` for something to be ready. False where nothing was.
    Result<bool> run_once(Duration longest);
    /// Ends run() after the callback that says so.
    void stop(int code);

    /// When this turn began; outside of the loop, now.
    Instant now() const;

    /// Feeds WATCHDOG=1 from the loop if the service manager asked for that (WatchdogSec=); the
    /// loop hanging is what it is there to find. True where it did ask.
    Result<bool> keep_watchdog();

private:
    struct LoopDeleter {
        void operator()(sd_event* loop) const;
    };

    explicit EventLoop(sd_event* loop);

    std::unique_ptr<sd_event, LoopDeleter> loop_;
};

/// Tells the service manager, where there is one: READY=1, RELOADING=1, STOPPING=1, STATUS=... Best
/// effort.
void notify_ready(const std::string& status);
/// Until notify_ready() is called again.
void notify_reloading();
void notify_status(const std::string& status);
void notify_stopping();

}  // namespace slotd::os
