#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace slotd::os {

/// The files of the history in its directory.
class HistoryFiles {
public:
    explicit HistoryFiles(std::string directory) : directory_(std::move(directory)) {}

    std::string database() const { return directory_ + "/history.db"; }

    std::string mark() const { return directory_ + "/acknowledged"; }

    /// Unsupported where something else has its name.
    Result<bool> database_exists() const;
    /// Whether the system lets slotd write the database.
    bool database_writable() const;
    /// Whether there is what SQLite keeps beside a database that is in use.
    Result<bool> leftovers_exist() const;
    /// Whether a history was set aside before.
    Result<bool> damaged_exist() const;

    /// Renames the database and what is beside it to history.db.damaged-<n>, for a person to look
    /// at, on the disk when it returns. Where there are kDamagedMax of them the oldest goes. What
    /// was done, in whole sentences.
    Result<std::vector<std::string>> set_aside() const;

    static constexpr std::size_t kDamagedMax = 5;

private:
    std::string directory_;
};

}  // namespace slotd::os
