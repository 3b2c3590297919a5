#include "os/history_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "base/result.hpp"
#include "os/os_error.hpp"
#include "os/unique_fd.hpp"

namespace slotd::os {

namespace {

constexpr std::string_view kDamaged = "history.db.damaged-";
/// What SQLite keeps beside a database: the write-ahead log and, while a file is being made, a
/// journal.
constexpr std::array<std::string_view, 2> kBeside{"-wal", "-journal"};

Result<bool> is_file(const std::string& path) {
    struct stat status {};

    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) {
            return false;
        }
        return std::unexpected(os_error(errno, "look at " + path));
    }
    if (!S_ISREG(status.st_mode)) {
        return failure(ErrorKind::Unsupported, "use " + path + ", which is no regular file");
    }
    return true;
}

Status rename_if_there(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
        return std::unexpected(os_error(errno, "rename " + from + " to " + to));
    }
    return {};
}

Status sync_directory(const std::string& path) {
    const UniqueFd directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory || ::fsync(directory.get()) != 0) {
        return std::unexpected(os_error(errno, "write " + path + " to the disk"));
    }
    return {};
}

/// The numbers of what was set aside before.
Result<std::set<std::uint32_t>> numbers_in(const std::string& directory) {
    std::set<std::uint32_t> numbers;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename();
        if (!name.starts_with(kDamaged)) {
            continue;
        }
        std::string_view number = std::string_view(name).substr(kDamaged.size());
        number = number.substr(0, number.find('-'));
        if (const auto parsed = parse_unsigned<std::uint32_t>(number)) {
            numbers.insert(*parsed);
        }
    }
    if (error) {
        return std::unexpected(os_error(error.value(), "list " + directory));
    }
    return numbers;
}

}  // namespace

Result<bool> HistoryFiles::database_exists() const {
    return is_file(database());
}

bool HistoryFiles::database_writable() const {
    return ::access(database().c_str(), W_OK) == 0;
}

Result<bool> HistoryFiles::leftovers_exist() const {
    for (const std::string_view suffix : kBeside) {
        const auto exists = is_file(database() + std::string(suffix));
        if (!exists || *exists) {
            return exists;
        }
    }
    return false;
}

Result<bool> HistoryFiles::damaged_exist() const {
    const auto numbers = numbers_in(directory_);
    if (!numbers) {
        return std::unexpected(numbers.error());
    }
    return !numbers->empty();
}

Result<std::vector<std::string>> HistoryFiles::set_aside() const {
    const auto numbers = numbers_in(directory_);
    if (!numbers) {
        return std::unexpected(numbers.error());
    }
    std::vector<std::string> done;
    const auto path = [this](std::uint32_t number) {
        return directory_ + "/" + std::string(kDamaged) + std::to_string(number);
    };
    if (numbers->size() >= kDamagedMax) {
        const std::string oldest = path(*numbers->begin());
        (void)::unlink(oldest.c_str());  // one file too many is better than no history
        for (const std::string_view suffix : kBeside) {
            (void)::unlink((oldest + std::string(suffix)).c_str());
        }
        done.push_back("the oldest damaged history, " + oldest + ", was removed.");
    }
    const std::string aside = path(numbers->empty() ? 1 : *numbers->rbegin() + 1);
    // The database first: without it the history is missing, which is noticed; without its log it
    // would only be older. The others as well: a new database must not find a log of the old one.
    if (auto renamed = rename_if_there(database(), aside); !renamed) {
        return std::unexpected(std::move(renamed.error()));
    }
    for (const std::string_view suffix : kBeside) {
        const std::string ending(suffix);
        if (auto renamed = rename_if_there(database() + ending, aside + ending); !renamed) {
            return std::unexpected(std::move(renamed.error()));
        }
    }
    if (auto synced = sync_directory(directory_); !synced) {
        return std::unexpected(std::move(synced.error()));
    }
    done.push_back("it was set aside as " + aside + ".");
    return done;
}

}  // namespace slotd::os
