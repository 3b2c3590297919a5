#include "tests/fakes/faulty_disk.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace slotd::fakes {

namespace {

/// What SQLite allocates for a file: this, and behind it the usual layer's object.
struct LayerFile {
    sqlite3_file base;
    FaultyDisk* disk;
    std::string* path;

    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_vfs* usual() {
    return sqlite3_vfs_find(nullptr);
}

LayerFile& of(sqlite3_file* file) {
    return *reinterpret_cast<LayerFile*>(file);
}

int on_close(sqlite3_file* file) {
    LayerFile& own = of(file);
    const int code = own.real()->pMethods->xClose(own.real());
    delete own.path;
    own.disk->closed();
    return code;
}

int on_read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
    return of(file).real()->pMethods->xRead(of(file).real(), to, count, offset);
}

int on_write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
    LayerFile& own = of(file);
    const std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(count));
    if (const int code = own.disk->change(*own.path, {offset, bytes}); code != SQLITE_OK) {
        return code;
    }
    return own.real()->pMethods->xWrite(own.real(), from, count, offset);
}

int on_truncate(sqlite3_file* file, sqlite3_int64 size) {
    LayerFile& own = of(file);
    if (const int code = own.disk->change(*own.path, {size, ""}); code != SQLITE_OK) {
        return code;
    }
    return own.real()->pMethods->xTruncate(own.real(), size);
}

int on_sync(sqlite3_file* file, int flags) {
    LayerFile& own = of(file);
    if (const int code = own.disk->sync(*own.path); code != SQLITE_OK) {
        return code;
    }
    // What is synced here is what the test says; the real disk need not turn for it.
    (void)flags;
    return SQLITE_OK;
}

int on_size(sqlite3_file* file, sqlite3_int64* size) {
    return of(file).real()->pMethods->xFileSize(of(file).real(), size);
}

int on_lock(sqlite3_file* file, int lock) {
    return of(file).real()->pMethods->xLock(of(file).real(), lock);
}

int on_unlock(sqlite3_file* file, int lock) {
    return of(file).real()->pMethods->xUnlock(of(file).real(), lock);
}

int on_check_lock(sqlite3_file* file, int* reserved) {
    return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), reserved);
}

int on_control(sqlite3_file* file, int operation, void* argument) {
    // Hints about sizes would change the file behind the test's back.
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE) {
        return SQLITE_NOTFOUND;
    }
    return of(file).real()->pMethods->xFileControl(of(file).real(), operation, argument);
}

int on_sector(sqlite3_file* file) {
    return of(file).real()->pMethods->xSectorSize(of(file).real());
}

int on_characteristics(sqlite3_file*) {
    return 0;
}

// Version 1: without shared memory. The history is to be used by one process alone.
const sqlite3_io_methods kMethods{
    1,         on_close,      on_read,    on_write,  on_truncate,        on_sync, on_size, on_lock,
    on_unlock, on_check_lock, on_control, on_sector, on_characteristics, nullptr, nullptr, nullptr,
    nullptr,   nullptr,       nullptr};

int on_open(sqlite3_vfs* layer, const char* name, sqlite3_file* file, int flags, int* out) {
    LayerFile& own = of(file);
    auto* const disk = static_cast<FaultyDisk*>(layer->pAppData);
    own.base.pMethods = nullptr;
    if (name == nullptr) {
        return usual()->xOpen(usual(), name, file, flags, out);  // a temporary file of SQLite's own
    }
    if (const int code = disk->open(name); code != SQLITE_OK) {
        return code;
    }
    const int code = usual()->xOpen(usual(), name, own.real(), flags, out);
    if (code != SQLITE_OK) {
        disk->closed();
        return code;
    }
    own.base.pMethods = &kMethods;
    own.disk = disk;
    own.path = new std::string(name);
    return SQLITE_OK;
}

int on_delete(sqlite3_vfs* layer, const char* name, int) {
    static_cast<FaultyDisk*>(layer->pAppData)->forget(name);
    return usual()->xDelete(usual(), name, 0);
}

void put_into(std::string& content, const FaultyDisk::Change& change) {
    const auto offset = static_cast<std::size_t>(change.offset);
    if (change.bytes.empty()) {
        content.resize(offset);
        return;
    }
    content.resize(std::max(content.size(), offset + change.bytes.size()));
    std::memcpy(content.data() + offset, change.bytes.data(), change.bytes.size());
}

void apply_survivors(FaultyDisk::File& file, Survives survives) {
    for (std::size_t index = 0; index < file.since.size(); ++index) {
        FaultyDisk::Change change = file.since[index];
        const bool last = index + 1 == file.since.size();
        if (survives == Survives::HalfOfLast && last) {
            change.bytes.resize(change.bytes.size() / 2);
        }
        const bool here = survives == Survives::Everything || survives == Survives::HalfOfLast ||
                          (survives == Survives::EveryOther && index % 2 == 1);
        if (here && !(last && survives == Survives::HalfOfLast && change.bytes.empty())) {
            put_into(file.synced, change);
        }
    }
}

}  // namespace

FaultyDisk& FaultyDisk::make() {
    return *new FaultyDisk();
}

FaultyDisk::FaultyDisk() {
    static std::atomic<int> count = 0;
    name_ = "faulty-disk-" + std::to_string(++count);
    layer_ = *usual();
    layer_.iVersion = 1;
    layer_.szOsFile = static_cast<int>(sizeof(LayerFile)) + usual()->szOsFile;
    layer_.zName = name_.c_str();
    layer_.pAppData = this;
    layer_.xOpen = on_open;
    layer_.xDelete = on_delete;
    sqlite3_vfs_register(&layer_, 0);
}

void FaultyDisk::cut_power_at(int change, Survives survives) {
    const std::lock_guard lock(mutex_);
    cut_at_ = change;
    survives_ = survives;
}

void FaultyDisk::fail(int from, int until, int code) {
    const std::lock_guard lock(mutex_);
    fail_from_ = from;
    fail_until_ = until;
    fail_code_ = code;
}

void FaultyDisk::hold_syncs() {
    const std::lock_guard lock(mutex_);
    hold_ = true;
}

void FaultyDisk::let_go() {
    const std::lock_guard lock(mutex_);
    hold_ = false;
    changed_.notify_all();
}

void FaultyDisk::wait_until_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_ > 0; });
}

void FaultyDisk::wait_until_closed() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return opened_ == 0; });
}

int FaultyDisk::open(const std::string& path) {
    const std::lock_guard lock(mutex_);
    ++opened_;
    // One that is not there was renamed or removed behind this layer's back.
    if (!files_.contains(path) || ::access(path.c_str(), F_OK) != 0) {
        files_[path] = {};
        std::ifstream file(path, std::ios::binary);
        files_[path].synced = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return SQLITE_OK;
}

void FaultyDisk::closed() {
    const std::lock_guard lock(mutex_);
    --opened_;
    changed_.notify_all();
}

int FaultyDisk::change(const std::string& path, Change change) {
    const std::lock_guard lock(mutex_);
    if (const int code = count(false); code != SQLITE_OK) {
        return code;
    }
    files_[path].since.push_back(std::move(change));
    return SQLITE_OK;
}

int FaultyDisk::sync(const std::string& path) {
    std::unique_lock lock(mutex_);
    if (hold_) {
        ++held_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !hold_; });
        --held_;
    }
    if (const int code = count(true); code != SQLITE_OK) {
        return code;
    }
    File& file = files_[path];
    for (const Change& change : file.since) {
        put_into(file.synced, change);
    }
    file.since.clear();
    return SQLITE_OK;
}

void FaultyDisk::forget(const std::string& path) {
    const std::lock_guard lock(mutex_);
    files_.erase(path);
}

int FaultyDisk::count(bool sync) {
    const int number = ++changes_;
    if (number == cut_at_) {
        cut_power();
    }
    if (sync && syncs_fail_) {
        return SQLITE_IOERR_FSYNC;
    }
    return number >= fail_from_ && number < fail_until_ ? fail_code_ : SQLITE_OK;
}

void FaultyDisk::cut_power() {
    for (auto& [path, file] : files_) {
        apply_survivors(file, survives_);
        std::ofstream(path, std::ios::binary | std::ios::trunc) << file.synced;
    }
    ::_exit(kPowerCut);
}

}  // namespace slotd::fakes
