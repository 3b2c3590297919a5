#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/model/fingerprint.hpp"
#include "tests/model/moves.hpp"

namespace slotd::model {

/// A visited state, reduced to what the proof needs of it.
struct Node {
    std::uint32_t parent = 0;
    std::uint32_t fair = 0;  ///< where the fair finish goes from here; itself: nothing happens
    Move move;               ///< from the parent
    bool rests = false;      ///< has nothing that an end may not have
};

/// All visited states by fingerprint: open addressing, linear probing, at most half full.
class Visited {
public:
    Visited() : slots_(std::size_t{1} << 16, kFree) {}

    struct Place {
        std::uint32_t index = 0;
        bool is_new = false;
    };

    Place insert(const Fingerprint& fingerprint);

    Node& operator[](std::size_t index) { return nodes_[index]; }

    const Node& operator[](std::size_t index) const { return nodes_[index]; }

    std::size_t size() const { return nodes_.size(); }

private:
    static constexpr std::uint32_t kFree = 0xffffffff;

    std::size_t slot_of(const Fingerprint& fingerprint) const;
    void grow();

    std::vector<Fingerprint> fingerprints_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> slots_;
};

}  // namespace slotd::model
