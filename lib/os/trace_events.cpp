#include "os/trace_events.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "event/trace_decode.hpp"
#include "os/os_error.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

struct TraceEventName {
    const char* name;
    const char* enable;
};

constexpr std::array kEvents{
    TraceEventName{"ras:aer_event", "events/ras/aer_event/enable"},
    TraceEventName{"pci:pci_hp_event", "events/pci/pci_hp_event/enable"},
};

/// FileDescriptorName= of slotd-trace.socket.
constexpr std::string_view kPassedName = "slotd-trace";

/// Makes the instance there and enables its events; answers with those that this kernel does not
/// have.
Result<std::vector<std::string>> prepare_in(const SysfsDir& instances) {
    if (::mkdirat(instances.fd(), TraceEvents::kInstance, 0700) != 0 && errno != EEXIST) {
        return std::unexpected(os_error(
            errno, "make the trace instance " + instances.path() + "/" + TraceEvents::kInstance));
    }
    auto instance = instances.open_below(TraceEvents::kInstance);
    if (!instance) {
        return std::unexpected(std::move(instance.error()));
    }
    // Without this poll(2) waits until half of the buffer is full.
    if (auto written = instance->write("buffer_percent", "0"); !written) {
        return std::unexpected(std::move(written.error()));
    }
    // Fewer bytes to read; the decoder understands both, so a kernel without it does no harm.
    (void)instance->write("options/context-info", "0");
    // A left-over instance holds what happened while nobody was here: not news. Best effort.
    (void)UniqueFd{::openat(instance->fd(), "trace", O_WRONLY | O_TRUNC | O_CLOEXEC)};
    std::vector<std::string> unseen;
    for (const TraceEventName& wanted : kEvents) {
        if (auto written = instance->write(wanted.enable, "1"); !written) {
            if (written.error().kind != ErrorKind::NotFound) {
                return std::unexpected(std::move(written.error()));
            }
            unseen.emplace_back(wanted.name);
        }
    }
    if (unseen.size() == kEvents.size()) {
        return failure(ErrorKind::Unsupported,
                       "find ras:aer_event or pci:pci_hp_event in " + instance->path());
    }
    return unseen;
}

}  // namespace

TraceEvents::~TraceEvents() {
    if (!instances_ || instances_->fd() < 0) {
        return;  // systemd's, or moved from
    }
    pipe_.reset();  // an instance with an open pipe is busy
    // Best effort: what is left behind costs a buffer and is used again at the next start.
    (void)::unlinkat(instances_->fd(), kInstance, AT_REMOVEDIR);
}

Result<TraceEvents> TraceEvents::open(const std::string& tracefs) {
    auto instances = SysfsDir::open(tracefs + "/instances");
    if (!instances) {
        return std::unexpected(std::move(instances.error()));
    }
    TraceEvents events;
    // From here on what was made is removed again, also where it is of no use.
    const SysfsDir& dir = events.instances_.emplace(std::move(*instances));
    auto unseen = prepare_in(dir);
    if (!unseen) {
        return std::unexpected(std::move(unseen.error()));
    }
    events.unseen_ = std::move(*unseen);
    const std::string pipe = std::string(kInstance) + "/trace_pipe";
    events.pipe_.reset(::openat(dir.fd(), pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!events.pipe_) {
        return std::unexpected(os_error(errno, "open " + dir.path() + "/" + pipe));
    }
    return events;
}

Result<std::vector<std::string>> TraceEvents::prepare(const std::string& tracefs) {
    const auto instances = SysfsDir::open(tracefs + "/instances");
    return instances ? prepare_in(*instances) : std::unexpected(instances.error());
}

std::optional<TraceEvents> TraceEvents::passed_by_systemd() {
    char** names = nullptr;
    const int count = ::sd_listen_fds_with_names(0, &names);
    TraceEvents events;
    for (int index = 0; index < count; ++index) {
        if (std::string_view(names[index]) == kPassedName) {
            events.pipe_.reset(SD_LISTEN_FDS_START + index);
        }
        std::free(names[index]);
    }
    std::free(static_cast<void*>(names));
    if (!events.pipe_) {
        return std::nullopt;
    }
    // What it opened may block: it is opened for reading and nothing else.
    const int flags = ::fcntl(events.pipe_.get(), F_GETFL);
    (void)::fcntl(events.pipe_.get(), F_SETFL, flags | O_NONBLOCK);
    return events;
}

void TraceEvents::readable(const Sink& sink) {
    std::array<char, 4096> buffer{};
    for (std::size_t taken = 0; taken < kBytesPerTurn;) {
        const ssize_t got = ::read(pipe_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return;
        }
        taken += static_cast<std::size_t>(got);
        take(std::string_view(buffer.data(), static_cast<std::size_t>(got)), sink);
    }
}

void TraceEvents::take(std::string_view bytes, const Sink& sink) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        too_long_ = too_long_ || line_.size() + part.size() > kLineBytesMax;
        if (!too_long_) {
            line_ += part;
        }
        if (end == std::string_view::npos) {
            return;
        }
        bytes.remove_prefix(end + 1);
        // Nothing that is decoded here is that long; half a line is worse than none.
        const auto decoded = too_long_ ? std::nullopt : event::decode_trace_line(line_);
        line_.clear();
        too_long_ = false;
        if (decoded) {
            sink(*decoded);
        }
    }
}

}  // namespace slotd::os
