#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/result.hpp"
#include "engine/ports.hpp"
#include "event/observation.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "event/usage.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "pci/address.hpp"
#include "pci/identity.hpp"
#include "pci/service.hpp"
#include "pci/topology.hpp"

namespace slotd::fakes {

/// A card of one function.
struct FakeCard {
    pci::Identity identity;
    std::string driver = "e1000e";
    bool wiped = false;  ///< reset, and not set up since
    bool operator==(const FakeCard&) const = default;
};

/// A port with what is in its slot and what the kernel has made of it.
struct FakePort {
    pci::Address address;
    std::optional<pci::Address> parent;
    pci::Address root_port;
    std::uint8_t bus = 0;  ///< secondary
    std::uint8_t subordinate = 0;
    std::string name;
    pci::ServiceSet services;
    pci::ServiceSet bound;
    std::optional<FakeCard> card;  ///< physically there
    bool link_up = true;
    std::uint8_t link_width = 4;
    std::uint8_t link_speed = 4;         ///< encoding of Link Status: 16 GT/s
    event::ErrorCounts errors;           ///< of the card's function
    std::optional<FakeCard> enumerated;  ///< what the kernel knows
    bool fenced = false;
    bool masked = false;
};

/// The outside world as the engine sees it, with behaviour: pciehp's probe enumerates, slot power
/// cycles, gates close and open. Effects end when the test says so, in any order it likes.
class FakeMachine final : public engine::Executor,
                          public engine::TopologySource,
                          public engine::RecordSink,
                          public engine::RequestSink,
                          public engine::History,
                          public engine::Samples {
public:
    std::map<pci::Address, FakePort> ports;
    std::deque<std::pair<event::EffectId, action::Effect>> started;  ///< not ended yet
    std::vector<std::string> performed;  ///< effects that ended well, in order, looks left out
    std::vector<action::Record> records;
    std::vector<std::string> calls;  ///< of start, write and append, in order
    std::vector<engine::ResetAnswer> answers;
    std::vector<engine::PlanAnswer> plans;
    std::vector<history::Entry> remembered;      ///< everything that was appended, in order
    std::deque<history::Ticket> unwritten;       ///< waiting for Written
    std::map<pci::Address, event::Usage> usage;  ///< what a survey finds; nothing where not set
    std::set<std::string> failing;               ///< effects (as text) that end with EIO
    std::set<std::string> forbidden;             ///< effects (as text) that end with EPERM
    std::set<std::string> declined;              ///< effects (as text) that slotd-exec refuses

    std::optional<std::pair<event::EffectId, std::vector<event::PortSample>>> sampling;

    void start(event::EffectId id, const action::Effect& effect) override;

    void sample(event::EffectId id, std::vector<event::PortSample> expected) override {
        sampling.emplace(id, std::move(expected));
    }

    /// What the sample that was asked for last finds; nullopt where none was.
    std::optional<std::pair<event::EffectId, event::Outcome>> finish_sample();
    Result<pci::Topology> scan() override;

    void write(const action::Record& record) override {
        calls.push_back("write: " + record.text);
        records.push_back(record);
    }

    void answer(const engine::ResetAnswer& answer) override { answers.push_back(answer); }

    void answer(const engine::PlanAnswer& answer) override { plans.push_back(answer); }

    void append(const history::Entry& entry, std::optional<history::Ticket> ticket) override;

    /// Ends the oldest started effect; nullopt if there is none.
    std::optional<std::pair<event::EffectId, event::Outcome>> finish_next();
    event::Observation observe(const pci::Address& port) const;
    bool told(action::RecordKind kind, const std::string& part) const;

private:
    event::Outcome perform(const action::Effect& effect);
    FakePort* port_of(const action::Effect& effect);
};

/// One Root Port 0000:00:02.0 with hot-plug slot "1" and a network card at 0000:01:00.0.
FakeMachine machine_with_one_slot();
/// Root Port 0000:00:03.0 (slot "2"), a switch below it with one Downstream Port 0000:03:00.0 (slot
/// "11") and a card at 0000:04:00.0, next to the slot of machine_with_one_slot().
FakeMachine machine_with_nested_slots();

/// Function 0 of device 0 on the port's secondary bus.
pci::Address first_function(const FakePort& port);
pci::Address at(const char* text);
pci::Identity identity_of(std::uint16_t device, std::uint64_t serial);

}  // namespace slotd::fakes
