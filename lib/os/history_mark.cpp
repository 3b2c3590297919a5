#include "os/history_mark.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/parse.hpp"
#include "base/result.hpp"

namespace slotd::os {

namespace {

constexpr std::string_view kBefore = "entries of history.db up to ";
constexpr std::string_view kAfter =
    " were acknowledged; slotd takes a history without them for a lost one";

Error error_of(int code, const std::string& what) {
    const bool full = (code & 0xff) == SQLITE_FULL;
    const bool denied = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY;
    return Error{full     ? ErrorKind::Overflow
                 : denied ? ErrorKind::PermissionDenied
                          : ErrorKind::Io,
                 0, fmt::format("{} the history's mark ({})", what, sqlite3_errstr(code))};
}

}  // namespace

std::string mark_text(std::uint64_t seq) {
    std::string text = fmt::format("{}{}{}", kBefore, seq, kAfter);
    text.resize(HistoryMark::kSlotBytes - 1, ' ');
    return text + "\n";
}

std::optional<std::uint64_t> seq_in_mark(std::string_view text) {
    if (!text.starts_with(kBefore)) {
        return std::nullopt;
    }
    const std::string_view rest = text.substr(kBefore.size());
    const auto seq = parse_unsigned<std::uint64_t>(rest.substr(0, rest.find(' ')));
    return seq && mark_text(*seq) == text ? seq : std::nullopt;
}

Result<HistoryMark> HistoryMark::open(const std::string& path, const std::string& vfs) {
    sqlite3_vfs* const layer = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
    if (layer == nullptr) {
        return failure(ErrorKind::NotFound, "find SQLite's file layer " + vfs);
    }

    // The layer says how large its file object is, and keeps the path.
    struct Memory {
        std::string path;
        std::unique_ptr<std::byte[]> object;  // NOLINT(modernize-avoid-c-arrays)
    };

    auto memory = std::make_shared<Memory>(
        Memory{path, std::make_unique<std::byte[]>(static_cast<std::size_t>(layer->szOsFile))});
    auto* const file = reinterpret_cast<sqlite3_file*>(memory->object.get());
    // As a journal, for the layer syncs the directory of those when it first syncs a new one.
    const int code = layer->xOpen(
        layer, memory->path.c_str(), file,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SUPER_JOURNAL, nullptr);
    if (code != SQLITE_OK) {
        if (file->pMethods != nullptr) {
            (void)file->pMethods->xClose(file);
        }
        return std::unexpected(error_of(code, "open"));
    }
    HistoryMark mark;
    mark.file_ = File(file, [memory](sqlite3_file* opened) {
        (void)opened->pMethods->xClose(opened);  // what matters was synced before
    });
    return mark;
}

Result<MarkFound> HistoryMark::load() {
    sqlite3_int64 size = 0;
    if (const int code = file_->pMethods->xFileSize(file_.get(), &size); code != SQLITE_OK) {
        return std::unexpected(error_of(code, "read"));
    }
    // Shorter: its first writing was cut short, and nothing had been acknowledged then.
    MarkFound found{std::cmp_greater_equal(size, 2 * kSlotBytes), {}};
    for (unsigned slot = 0; slot < 2; ++slot) {
        std::string text(kSlotBytes, '\0');
        const int code = file_->pMethods->xRead(file_.get(), text.data(), kSlotBytes,
                                                static_cast<sqlite3_int64>(slot * kSlotBytes));
        if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) {
            return std::unexpected(error_of(code, "read"));
        }
        if (const auto seq = seq_in_mark(text); seq && (!found.seq || *seq > *found.seq)) {
            found.seq = seq;
            newest_ = slot;
        }
    }
    whole_ = found.made;
    found.seq = found.made ? found.seq : std::nullopt;
    return found;
}

Status HistoryMark::store(std::uint64_t seq) {
    if (!whole_) {
        // In this order: a mark of full length has one whole text, wherever the power is cut.
        if (auto written = write_slot(0, seq); !written) {
            return written;
        }
        if (auto written = write_slot(1, seq); !written) {
            return written;
        }
        whole_ = true;
        newest_ = 1;
        return {};
    }
    if (auto written = write_slot(1 - newest_, seq); !written) {
        return written;
    }
    newest_ = 1 - newest_;
    return {};
}

Status HistoryMark::write_slot(unsigned slot, std::uint64_t seq) {
    const std::string text = mark_text(seq);
    int code = file_->pMethods->xWrite(file_.get(), text.data(), kSlotBytes,
                                       static_cast<sqlite3_int64>(slot * kSlotBytes));
    if (code == SQLITE_OK) {
        code = file_->pMethods->xSync(file_.get(), SQLITE_SYNC_NORMAL);
    }
    if (code != SQLITE_OK) {
        return std::unexpected(error_of(code, "write"));
    }
    return {};
}

}  // namespace slotd::os
