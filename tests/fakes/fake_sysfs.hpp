#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/unique_fd.hpp"
#include "tests/fakes/fake_pci_tree.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace slotd::fakes {

/// Where FakeSysfs puts capabilities.
inline constexpr std::uint16_t kPcieAt = 0x50;
inline constexpr std::uint16_t kAerAt = 0x100;
inline constexpr std::uint16_t kSerialAt = 0x140;

/// A sysfs tree that slotd-exec can work on: FakePciTree, and on top of it configuration space, the
/// attributes that are written to, and a simulated kernel behind `bind` and `unbind`.
///
/// Configuration space is a plain file: what is written is what is read, so a write of ones to
/// clear leaves the ones, and a test sees what was written. `reset`, `remove`, `power` and `rescan`
/// are plain files too. `bind` and `unbind` of aer, dpc and pciehp are FIFOs that a thread reads:
/// it moves the driver links as the kernel does, a moment after the write.
class FakeSysfs {
public:
    /// An empty tree.
    FakeSysfs();
    ~FakeSysfs();
    FakeSysfs(const FakeSysfs&) = delete;
    FakeSysfs& operator=(const FakeSysfs&) = delete;

    std::string root() const { return tree_.root(); }

    /// For --state-dir: exists and is empty.
    std::string state_dir() const { return state_.path(); }

    std::string state(const std::string& name) const { return state_.read(name); }

    void write_state(const std::string& name, const std::string& text) const {
        state_.write(name, text);
    }

    const FakePciTree& tree() const { return tree_; }

    /// A Root Port with a slot and everything enabled: SERR#, error reporting, hot-plug
    /// notification; its services aer and pciehp are bound; bus/pci/slots/<slot_number> is there.
    void root_port(const std::string& address, std::uint8_t bus, std::uint16_t slot_number);
    /// An Ethernet card 8086:10d3 with reset methods "flr bus" and a serial number, below a
    /// root_port().
    void card(const std::string& port, const std::string& address);
    /// A switch's Upstream Port below a root_port(): a bridge that is no port.
    void upstream_port(const std::string& port, const std::string& address, std::uint8_t bus);

    std::uint16_t get16(const std::string& address, std::uint16_t offset) const;
    std::uint32_t get32(const std::string& address, std::uint16_t offset) const;
    void set16(const std::string& address, std::uint16_t offset, std::uint16_t value) const;
    void set32(const std::string& address, std::uint16_t offset, std::uint32_t value) const;
    /// Every read gives all ones, as of a function that is gone and still enumerated.
    void silence(const std::string& address) const;
    /// The whole of configuration space, to compare.
    std::string config(const std::string& address) const;

    /// An attribute of a function, or any file below the root with a path from there.
    std::string attribute(const std::string& address, const std::string& name) const;
    void set_attribute(const std::string& address, const std::string& name,
                       const std::string& value) const;
    std::string file_of(const std::string& address, const std::string& name) const;

    bool bound(const std::string& service_device) const;
    /// What the simulated kernel has bound and unbound so far, in order ("unbind
    /// 0000:00:1c.0:pcie002").
    std::vector<std::string> bindings() const;
    /// The function leaves the tree, with its link.
    void remove(const std::string& address) const;

    /// A FIFO takes the place of a file (path below the root): whoever opens it hangs until it is
    /// let go.
    void hang(const std::string& path) const;
    /// Lets those go that hang there now; what they wrote is returned, all of it in one.
    std::string let_go(const std::string& path) const;

private:
    struct Fifo {
        os::UniqueFd fd;
        std::string driver;
        bool binds;
    };

    void simulate_kernel();
    void move_link(const Fifo& fifo, const std::string& service_device);
    void write_config(const std::string& address, const std::string& bytes) const;

    FakePciTree tree_;
    TempDir state_;
    std::map<std::string, std::string> paths_;  // below devices/, by address
    std::vector<Fifo> fifos_;
    mutable std::mutex bindings_lock_;
    std::vector<std::string> bindings_;
    os::UniqueFd stop_;
    std::thread kernel_;
};

}  // namespace slotd::fakes
