#include "tests/fakes/temp_dir.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace slotd::fakes {

TempDir::TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "slotd-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot make a temporary directory like " + name);
    }
    root_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;  // a leftover in /tmp fails no test
    std::filesystem::remove_all(root_, ignored);
}

std::string TempDir::path(std::string_view below) const {
    return below.empty() ? root_.string() : (root_ / below).string();
}

void TempDir::write(std::string_view below, std::string_view content) const {
    const std::filesystem::path file = root_ / below;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
}

std::string TempDir::read(std::string_view below) const {
    std::ifstream file(root_ / below, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

void TempDir::make_dir(std::string_view below) const {
    std::filesystem::create_directories(root_ / below);
}

void TempDir::link(std::string_view below, std::string_view target) const {
    const std::filesystem::path file = root_ / below;
    std::filesystem::create_directories(file.parent_path());
    std::filesystem::create_symlink(target, file);
}

void TempDir::make_fifo(std::string_view below) const {
    const std::filesystem::path file = root_ / below;
    std::filesystem::create_directories(file.parent_path());
    if (::mkfifo(file.c_str(), 0600) != 0) {
        throw std::runtime_error("cannot make the FIFO " + file.string());
    }
}

void TempDir::remove(std::string_view below) const {
    std::filesystem::remove_all(root_ / below);
}

}  // namespace slotd::fakes
