#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "pci/address.hpp"
#include "tests/sim/hardware.hpp"

namespace slotd::sim {

/// What happened, as a scenario to read: "12.345 s  0000:00:02.0  kernel: ...".
class Trace {
public:
    explicit Trace(bool kept) : kept_(kept) {}

    /// Whether lines are kept: what is costly to say need not be said otherwise.
    bool kept() const { return kept_; }

    /// `about` is a port or a function; an empty address is nobody's.
    void line(Instant now, const pci::Address& about, const std::string& text);

    const std::vector<std::string>& lines() const { return lines_; }

private:
    bool kept_;
    std::vector<std::string> lines_;
};

/// The machine in a few lines: every port with its services and what is in it.
std::vector<std::string> describe(const Machine& machine);

}  // namespace slotd::sim
