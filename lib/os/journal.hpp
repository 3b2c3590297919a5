#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "action/record.hpp"
#include "base/result.hpp"
#include "engine/ports.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// Writes records to journald with their fields, or as <N>-prefixed lines to a descriptor.
///
/// Never blocks: what journald or a full pipe does not take at once is dropped and counted, and the
/// count is said before the next line that gets through. That is why this speaks journald's native
/// protocol itself: sd_journal_sendv() waits for a journald that hangs.
class Journal final : public engine::RecordSink {
public:
    static constexpr const char* kSocket = "/run/systemd/journal/socket";

    /// As systemd.exec(5) says: if $JOURNAL_STREAM (`stream`, empty when unset) names the file that
    /// `stderr_fd` is, and the journal's socket is there, then to journald; else to `stderr_fd`,
    /// which must stay open as long as this lives.
    static Journal open(std::string_view stream, int stderr_fd, const char* socket = kSocket);

    void write(const action::Record& record) override;

    /// A line on stderr has no fields.
    bool takes_evidence() const override { return writes_to_journald(); }

    bool writes_to_journald() const { return static_cast<bool>(socket_); }

    /// Dropped and not yet said.
    std::uint64_t dropped() const { return dropped_; }

    std::uint64_t dropped_in_all() const { return dropped_in_all_; }

private:
    Journal(UniqueFd socket, std::string socket_path, UniqueFd own_stderr, int stderr_fd);

    bool write_now(const action::Record& record) const;
    bool send_datagram(const std::string& datagram) const;
    bool write_line(const std::string& line) const;

    UniqueFd socket_;
    std::string socket_path_;
    UniqueFd own_stderr_;  // the same pipe, opened again without blocking
    int stderr_fd_;
    mode_t stderr_type_;  // as in stat, S_IFSOCK; 0 where it is closed
    std::uint64_t dropped_ = 0;
    std::uint64_t dropped_in_all_ = 0;
};

}  // namespace slotd::os
