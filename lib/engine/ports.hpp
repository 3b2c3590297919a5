#pragma once

#include <optional>
#include <string>
#include <vector>

#include "action/effect.hpp"
#include "action/record.hpp"
#include "base/result.hpp"
#include "event/outcome.hpp"
#include "event/port_sample.hpp"
#include "event/request.hpp"
#include "event/usage.hpp"
#include "history/entry.hpp"
#include "history/news.hpp"
#include "pci/topology.hpp"
#include "policy/in_use.hpp"

namespace slotd::engine {

/// What the engine needs from the outside. Each port has a real implementation in os/ and a fake
/// with behaviour of its own in tests/fakes; contract tests run against both.

/// Starts effects in slotd-exec. Never blocks: the end comes back later as event::Outcome with the
/// same id through whatever the implementation was given at construction; exactly one, but a second
/// one follows a TimedOut if the wedged worker returns after all.
class Executor {
public:
    virtual ~Executor() = default;
    virtual void start(event::EffectId id, const action::Effect& effect) = 0;
};

/// Says which ports look otherwise than they did. Never blocks: the end comes back later as
/// event::Outcome with the same id, exactly one; whoever has waited long enough does not wait for
/// it any more.
class Samples {
public:
    virtual ~Samples() = default;
    virtual void sample(event::EffectId id, std::vector<event::PortSample> ports) = 0;
};

/// Reads the machine's ports from sysfs. Quick, takes no lock that a recovery could hold.
class TopologySource {
public:
    virtual ~TopologySource() = default;
    virtual Result<pci::Topology> scan() = 0;
};

/// Keeps what has to be remembered. Never blocks: what happens comes back later as history::News
/// through whatever the implementation was given at construction. A ticket is answered exactly
/// once.
class History {
public:
    virtual ~History() = default;
    virtual void append(const history::Entry& entry, std::optional<history::Ticket> ticket) = 0;
};

/// Where lines for people go. Must not block and cannot fail as far as the engine is concerned.
class RecordSink {
public:
    virtual ~RecordSink() = default;
    virtual void write(const action::Record& record) = 0;

    /// Whether somebody will read Record::event: where nobody does it is not made.
    virtual bool takes_evidence() const { return true; }
};

/// How a reset, hold or release that was asked for ended.
struct ResetAnswer {
    event::RequestId request = 0;
    bool succeeded = false;
    std::string outcome;  ///< as in coordinator::Answer
    std::string text;     ///< whole sentence for the operator
    bool operator==(const ResetAnswer&) const = default;
};

/// What a reset would do, found out without doing it.
struct PlanAnswer {
    event::RequestId request = 0;
    std::vector<std::string> steps;     ///< lines for a person, one effect each
    std::optional<event::Usage> usage;  ///< nullopt: it could not be read, `text` says why
    std::vector<policy::Use> in_use;    ///< those that count under the slot's policy
    bool would_refuse = false;          ///< without `force`
    bool would_refuse_forced = false;   ///< with it too
    std::string text;                   ///< whole sentence: why it would refuse, or what is missing
    bool operator==(const PlanAnswer&) const = default;
};

/// Takes answers to the requests of operators.
class RequestSink {
public:
    virtual ~RequestSink() = default;
    virtual void answer(const ResetAnswer& answer) = 0;
    virtual void answer(const PlanAnswer& answer) = 0;
};

}  // namespace slotd::engine
