#include "os/config_drop_ins.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/config_file.hpp"

namespace slotd::os {

namespace {

namespace fs = std::filesystem;

bool is_masked(const fs::path& path) {
    std::error_code error;
    return fs::read_symlink(path, error) == "/dev/null";
}

}  // namespace

std::vector<std::string> drop_in_directories(const std::string& config_path) {
    if (config_path != kDefaultConfigPath) {
        return {config_path + ".d"};
    }
    return {"/usr/lib/slotd/slotd.toml.d", "/run/slotd.toml.d", "/etc/slotd/slotd.toml.d"};
}

Result<std::vector<std::string>> drop_ins(const std::vector<std::string>& directories) {
    std::map<std::string, fs::path> by_name;
    for (const std::string& directory : directories) {
        std::error_code error;
        fs::directory_iterator entry(directory, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            if (entry->path().extension() == ".toml") {
                by_name[entry->path().filename()] = entry->path();
            }
        }
        if (error && error != std::errc::no_such_file_or_directory) {
            return failure(ErrorKind::Io, "list the drop-ins in " + directory, error.value());
        }
    }
    std::vector<std::string> files;
    for (const auto& [name, path] : by_name) {
        if (!is_masked(path)) {
            files.push_back(path);
        }
    }
    if (files.size() > kDropInsMax) {
        return failure(ErrorKind::Overflow, "read so many drop-ins: more than 256");
    }
    return files;
}

}  // namespace slotd::os
