#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "daemon/executor/hands.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "os/config_space.hpp"
#include "pci/address.hpp"

namespace slotd::executor {

/// One port and the functions directly below, with their config spaces held open: a sample is a few
/// reads and nothing else. Which functions there are is found out when it is opened; one that has
/// gone since then does not read as before, one that has come does so only with the card.
class SampledPort {
public:
    /// A port that is not there can be opened: it reads as one that does not answer.
    static Result<SampledPort> open(const Hands& hands, const pci::Address& port);

    /// What the registers say now, as one number that is never 0: presence and link and what is
    /// latched of them (PCIe r6.0 7.5.3.11, 7.5.3.8); of each function whether it answers, who it
    /// is, and whether it is set up (Command, which a reset wipes; the BARs are read by a whole
    /// look). An Error where a read fails for another reason than that nobody is there.
    Result<std::uint64_t> digest() const;

    /// How many files it holds open.
    std::size_t files() const { return 1 + functions_.size(); }

private:
    struct Function {
        std::unique_ptr<os::ConfigSpace> config;
        std::optional<std::uint16_t> serial_at;  ///< of its Device Serial Number
    };

    SampledPort() = default;

    std::unique_ptr<os::ConfigSpace> port_;
    std::optional<std::uint16_t> pcie_at_;
    std::vector<Function> functions_;
};

/// Those that a worker holds open from one sample to the next, as many as its descriptors allow.
class SampledPorts {
public:
    /// The ports that look otherwise than expected, with their digest of now.
    event::Outcome sample(const Hands& hands, const std::vector<event::PortSample>& expected);

private:
    Result<std::uint64_t> digest(const Hands& hands, const event::PortSample& expected);
    void keep(const pci::Address& port, SampledPort sampled);
    void drop(const pci::Address& port);

    std::map<pci::Address, SampledPort> open_;
    std::size_t files_ = 0;
};

}  // namespace slotd::executor
