#include "report/slot_places.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/slot_status.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::report {

namespace {

/// Deeper than any machine; keeps the walk from recursing as deep as a peer likes.
constexpr std::size_t kPathMax = 64;

struct Node {
    const coordinator::SlotStatus* slot = nullptr;
    const pci::Function* function = nullptr;
    std::set<pci::Address> children;
    bool has_parent = false;
};

using Nodes = std::map<pci::Address, Node>;

/// A slotd that tells no path tells the Root Port.
std::vector<pci::Address> path_of(const coordinator::SlotStatus& slot) {
    if (!slot.path.empty() && slot.path.size() <= kPathMax && slot.path.back() == slot.port) {
        return slot.path;
    }
    return slot.port == slot.root_port ? std::vector{slot.port}
                                       : std::vector{slot.root_port, slot.port};
}

void hang(Nodes& nodes, const pci::Address& parent, const pci::Address& child) {
    Node& below = nodes[child];
    if (!below.has_parent && parent != child) {
        below.has_parent = true;
        nodes[parent].children.insert(child);
    }
}

Nodes nodes_of(const std::vector<coordinator::SlotStatus>& slots) {
    Nodes nodes;
    for (const coordinator::SlotStatus& slot : slots) {
        nodes[slot.port].slot = &slot;
        const std::vector<pci::Address> path = path_of(slot);
        for (std::size_t at = 1; at < path.size(); ++at) {
            hang(nodes, path[at - 1], path[at]);
        }
    }
    for (const coordinator::SlotStatus& slot : slots) {
        for (const pci::Function& function : slot.functions) {
            hang(nodes, slot.port, function.address);
            nodes[function.address].function = &function;
        }
    }
    return nodes;
}

struct Glyphs {
    const char* child;
    const char* last_child;
    const char* passing;
    const char* nothing;
};

constexpr Glyphs kUnicode{"├─ ", "└─ ", "│  ", "   "};
constexpr Glyphs kAscii{"|- ", "`- ", "|  ", "   "};

class Walk {
public:
    Walk(const Nodes& nodes, const Glyphs& glyphs) : nodes_(nodes), glyphs_(glyphs) {}

    /// `lead`: in front of its own line; `indent`: in front of the lines below it.
    void visit(const pci::Address& address, const coordinator::SlotStatus* below,
               const std::string& lead, const std::string& indent) {
        if (!visited_.insert(address).second) {
            return;
        }
        const Node& node = nodes_.at(address);
        std::vector<pci::Address> children;
        std::size_t left_out = 0;
        choose(node, children, left_out);
        const bool has_more = !children.empty() || left_out > 0;
        places_.push_back({.address = address,
                           .slot = node.slot,
                           .function = node.function,
                           .below = below,
                           .lead = lead,
                           .lead_below = indent + (has_more ? glyphs_.passing : glyphs_.nothing)});
        const auto* const here = node.slot != nullptr ? node.slot : below;
        for (std::size_t at = 0; at < children.size(); ++at) {
            const bool last = at + 1 == children.size() && left_out == 0;
            visit(children[at], here, indent + (last ? glyphs_.last_child : glyphs_.child),
                  indent + (last ? glyphs_.nothing : glyphs_.passing));
        }
        if (left_out > 0) {
            places_.push_back({.address = address,
                               .below = here,
                               .lead = indent + glyphs_.last_child,
                               .lead_below = {},
                               .left_out = left_out});
        }
    }

    std::vector<Place> take() { return std::move(places_); }

private:
    void choose(const Node& node, std::vector<pci::Address>& children,
                std::size_t& left_out) const {
        std::size_t functions = 0;
        for (const pci::Address& child : node.children) {
            functions += is_plain(child) ? 1 : 0;
        }
        // In place of the last that has room stands the count.
        const bool all = functions <= kFunctionsListedMax;
        std::size_t listed = 0;
        for (const pci::Address& child : node.children) {
            const bool plain = is_plain(child);
            if (visited_.contains(child)) {
                continue;
            }
            if (plain && !all && listed + 1 == kFunctionsListedMax) {
                ++left_out;
                continue;
            }
            listed += plain ? 1 : 0;
            children.push_back(child);
        }
    }

    bool is_plain(const pci::Address& address) const {
        const Node& node = nodes_.at(address);
        return node.slot == nullptr && node.children.empty();
    }

    const Nodes& nodes_;
    const Glyphs& glyphs_;
    std::set<pci::Address> visited_;
    std::vector<Place> places_;
};

}  // namespace

std::vector<Place> places_of(const std::vector<coordinator::SlotStatus>& slots, bool unicode) {
    const Nodes nodes = nodes_of(slots);
    Walk walk(nodes, unicode ? kUnicode : kAscii);
    for (const auto& [address, node] : nodes) {
        if (!node.has_parent) {
            walk.visit(address, nullptr, "", "");
        }
    }
    // What no root leads to hangs in a circle, which no machine has; it is shown all the same.
    for (const auto& [address, node] : nodes) {
        if (node.slot != nullptr) {
            walk.visit(address, nullptr, "", "");
        }
    }
    return walk.take();
}

}  // namespace slotd::report
