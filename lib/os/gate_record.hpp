#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/gate.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

/// What the record says now.
struct ClosedGates {
    std::vector<Gate> gates;           ///< closed and not opened since, in the order of closing
    std::vector<std::string> damaged;  ///< "line 3"; what they said is not known
    bool operator==(const ClosedGates&) const = default;
};

/// Reads the text of a record. A last line without its newline was cut by a crash: the gate that it
/// is about had not been touched yet, or had been opened already, so it counts as not written.
ClosedGates closed_gates_in(std::string_view text);

/// The gate record, <state-dir>/gates: what has to be opened again, written before it is closed. It
/// lives in /run, because registers and bindings do not survive a reboot either, and is not synced:
/// the page cache outlives every process.
///
/// Several processes use one record: each worker of slotd-exec that closes or opens a gate, and
/// slotd-exec when it starts and ends. Each call locks the file for itself, and holds the lock for
/// memory-speed work only. A line is one append with one write(2), so a process that is killed at
/// any moment leaves a whole line, or a cut last one. The file stays open from one call to the
/// next, and each looks at what its path names by then.
class GateRecord {
public:
    /// Called by name before and after each change of the file; crash tests stop the process there.
    using Reached = std::function<void(std::string_view step)>;

    explicit GateRecord(const std::string& state_dir, Reached reached = {});

    /// Notes how the gate was before it is closed. A gate that is closed already keeps its first
    /// entry: what is read from it now is our own doing. Overflow where the record is full: close
    /// nothing then.
    Status note_closed(const Gate& gate) const;
    /// Notes that the gate was opened, or is gone. Nothing happens where it is not closed.
    Status note_opened(const Gate& gate) const;

    Result<ClosedGates> load() const;
    /// Moves damaged lines to <state-dir>/gates.damaged, for a person to read, so that they are
    /// reported once.
    Status set_damaged_aside() const;

    const std::string& path() const { return path_; }

private:
    /// Until it goes the file is ours.
    class Lock {
    public:
        explicit Lock(int file) : file_(file) {}

        Lock(Lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

        Lock& operator=(Lock&&) = delete;
        ~Lock();

        int file() const { return file_; }

    private:
        int file_;
    };

    struct Locked {
        Lock lock;
        std::string text;
    };

    Result<Locked> open_locked() const;
    Status open() const;
    Status add(const Locked& record, const std::string& line) const;
    Status append(const Locked& record, const std::string& line) const;
    Status replace(const std::string& text) const;
    void reached(std::string_view step) const;

    std::string path_;
    Reached reached_;
    mutable UniqueFd file_;  ///< not yet, or no longer, what path_ names: opened when it is needed
};

/// The record never grows over this; compaction keeps it far below.
inline constexpr std::size_t kRecordBytesMax = std::size_t{256} * 1024;

}  // namespace slotd::os
