#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "event/kernel_event.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// The kernel's early signals, ras:aer_event and pci:pci_hp_event, from a tracefs instance of our
/// own
/// ("slotd"): nobody else's tracing is disturbed, and nobody else's events come in.
///
/// The instance is removed at the end; one that a crash left behind is used again.
class TraceEvents {
public:
    using Sink = std::function<void(const event::KernelEvent&)>;

    static constexpr const char* kTracefs = "/sys/kernel/tracing";
    static constexpr const char* kInstance = "slotd";

    /// NotFound: no tracefs is mounted there. PermissionDenied: not for this user, or lockdown.
    /// Unsupported: this kernel has none of the events. All three are facts to report once, not
    /// faults: slotd then hears of errors and hot-plug from uevents only, which is later.
    static Result<TraceEvents> open(const std::string& tracefs = kTracefs);

    /// For who may not enter tracefs: systemd opens the pipe of an instance that prepare() has made
    /// (slotd-trace.socket, FileDescriptorName=slotd-trace) and removes the instance afterwards.
    /// nullopt where it has passed none.
    static std::optional<TraceEvents> passed_by_systemd();

    /// Makes the instance and enables its events, errors as of open(); what it answers are events
    /// that this kernel does not have.
    static Result<std::vector<std::string>> prepare(const std::string& tracefs = kTracefs);

    TraceEvents(TraceEvents&& other) noexcept = default;
    TraceEvents& operator=(TraceEvents&& other) = delete;
    ~TraceEvents();

    /// Readable as soon as one event is there.
    int fd() const { return pipe_.get(); }

    /// Delivers what is there, at most kBytesPerTurn; with more waiting, fd() stays readable.
    void readable(const Sink& sink);

    /// Events that this kernel does not have, "pci:pci_hp_event": what is not seen.
    const std::vector<std::string>& unseen() const { return unseen_; }

private:
    static constexpr std::size_t kBytesPerTurn = 65536;
    static constexpr std::size_t kLineBytesMax = 4096;

    TraceEvents() = default;

    void take(std::string_view bytes, const Sink& sink);

    std::optional<SysfsDir> instances_;  // nullopt: the instance is not ours to remove
    UniqueFd pipe_;
    std::vector<std::string> unseen_;
    std::string line_;  // what has come of an unfinished line
    bool too_long_ = false;
};

}  // namespace slotd::os
