#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/unique_fd.hpp"
#include "tests/fakes/fake_sysfs.hpp"

namespace slotd::fakes {

/// The part of the simulated kernel that binds drivers to functions and makes virtual functions. A
/// thread looks at what was written to a FakeSysfs and changes the tree as the kernel does, a
/// moment after the write.
///
/// A driver takes a function that has none, if driver_override names it or nothing; vfio-pci only
/// with driver_override.
class FakeDriverCore {
public:
    FakeDriverCore(const FakeSysfs& sysfs, const std::vector<std::string>& drivers);
    ~FakeDriverCore();
    FakeDriverCore(const FakeDriverCore&) = delete;
    FakeDriverCore& operator=(const FakeDriverCore&) = delete;

    /// Gives a card() SR-IOV, without virtual functions yet. `default_driver` takes each new one
    /// unless sriov_drivers_autoprobe is 0.
    void physical(const std::string& address, const std::string& default_driver);
    /// Writes sriov_numvfs, and waits until it is so.
    void set_vfs(const std::string& address, unsigned number) const;
    /// Slot power: its virtual functions are gone, drivers are probed again.
    void loses_vfs_by(const std::string& power_file, const std::string& address);

    /// "e1000e|": driver and override.
    std::string whose(const std::string& address) const;
    /// What "driver_override" and "driver" are from now on, as by another hand.
    void give(const std::string& address, const std::string& driver,
              const std::string& driver_override) const;

    /// Returns when everything written before has had its effect.
    void settle() const;

    static std::string vf_name(const std::string& physical, unsigned index);

private:
    struct Fifo {
        os::UniqueFd fd;
        std::string driver;
        bool binds;
    };

    struct Power {
        std::string file;
        std::string loses_vfs_of;
    };

    struct Physical {
        std::string address;
        std::string default_driver;
        unsigned number = 0;
    };

    void watch(const std::string& path, int& watch) const;
    void run();
    void read_fifos();
    void read_writes();
    void written(int watch);
    void number_changed(Physical& physical);
    void make_vf(const Physical& physical, unsigned index);
    void drop_vf(const Physical& physical, unsigned index);
    void move_link(const Fifo& fifo, const std::string& address) const;

    const FakeSysfs& sysfs_;
    std::vector<Fifo> fifos_;
    os::UniqueFd writes_;
    os::UniqueFd stop_;
    mutable std::mutex mutex_;
    std::map<int, Physical> numbers_;  // by watch of sriov_numvfs
    std::map<int, Power> powers_;      // by watch of its file
    int marker_ = -1;
    mutable std::atomic<std::uint64_t> settled_{0};
    std::thread kernel_;
};

}  // namespace slotd::fakes
