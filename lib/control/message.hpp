#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "control/config_messages.hpp"
#include "control/doctor_call.hpp"
#include "control/fault.hpp"
#include "control/history_reply.hpp"
#include "control/metrics_call.hpp"
#include "control/plan_reply.hpp"
#include "coordinator/slot_status.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"

namespace slotd::control {

/// Bound of one call; replies to `List` of a large machine are longer.
inline constexpr std::size_t kCallBytesMax = 65536;
/// Bounds of what a caller may write; the interface says so too.
inline constexpr std::size_t kReasonBytesMax = 255;
inline constexpr std::size_t kNameBytesMax = 255;
inline constexpr std::uint64_t kHoldSecondsMax = 366 * 24 * 3600;

/// The methods, each with its checked parameters.
struct GetInfo {
    bool operator==(const GetInfo&) const = default;
};

struct GetInterfaceDescription {
    std::string interface;
    bool operator==(const GetInterfaceDescription&) const = default;
};

struct ListSlots {
    bool operator==(const ListSlots&) const = default;
};

struct ShowSlot {
    std::string slot;
    bool operator==(const ShowSlot&) const = default;
};

/// Reset, as somebody asked for it.
struct ResetTarget {
    std::string target;
    event::ResetMethod method = event::ResetMethod::Auto;
    std::string reason;  ///< not empty, printable
    bool dry_run = false;
    bool wait = false;
    bool force = false;  ///< although it is in use
    bool lend = false;   ///< VFIO descriptors come with the call
    bool operator==(const ResetTarget&) const = default;
};

struct HoldSlot {
    std::string slot;
    std::optional<Duration> lasts;  ///< whole seconds; nullopt: until released
    std::string reason;             ///< as in ResetTarget
    bool operator==(const HoldSlot&) const = default;
};

struct ReleaseSlot {
    std::string slot;
    std::string reason;  ///< as in ResetTarget
    bool operator==(const ReleaseSlot&) const = default;
};

struct PlanReset {
    std::string target;
    event::ResetMethod method = event::ResetMethod::Auto;
    bool operator==(const PlanReset&) const = default;
};

struct Subscribe {
    bool operator==(const Subscribe&) const = default;
};

struct GetVersion {
    bool operator==(const GetVersion&) const = default;
};

using Method = std::variant<GetInfo, GetInterfaceDescription, ListSlots, ShowSlot, ResetTarget,
                            HoldSlot, ReleaseSlot, PlanReset, ReloadConfig, GetConfig, AskHistory,
                            ConsultDoctor, Subscribe, GetMetrics, GetVersion>;

/// "io.slotd.Coordinator.List"
std::string method_name(const Method& method);

/// A call as it came in. A wrong one keeps its `oneway`, which decides whether the fault is sent.
struct Incoming {
    bool more = false;
    bool oneway = false;
    std::expected<Method, Fault> method;
};

/// Where a reset stands, in the interface's words.
enum class ResetState : std::uint8_t { Planned, Accepted, Progress, Finished };
const char* to_text(ResetState state);

/// The replies, each with its parameters.
struct InfoReply {
    std::string version;
    bool operator==(const InfoReply&) const = default;
};

struct DescriptionReply {
    std::string description;
    bool operator==(const DescriptionReply&) const = default;
};

struct SlotsReply {
    std::vector<coordinator::SlotStatus> slots;
    bool operator==(const SlotsReply&) const = default;
};

struct SlotReply {
    coordinator::SlotStatus slot;
    bool operator==(const SlotReply&) const = default;
};

/// How a reset ended.
struct ResetEnd {
    bool succeeded = false;
    std::string outcome;  ///< "recovered", "degraded", "failed", "wedged", "unknown"
    std::string text;
    bool operator==(const ResetEnd&) const = default;
};

/// One step of a reset; which fields it has is a matter of its state.
struct ResetReply {
    ResetState state = ResetState::Accepted;
    event::RequestId request = 0;
    pci::Address port;
    std::optional<pci::Address> function;
    std::vector<std::string> plan;         ///< only of Planned
    std::optional<action::Record> record;  ///< only of Progress
    std::optional<ResetEnd> end;           ///< only of Finished
    bool operator==(const ResetReply&) const = default;
};

struct RecordReply {
    action::Record record;
    std::uint64_t missed = 0;
    bool operator==(const RecordReply&) const = default;
};

struct VersionReply {
    std::string version;
    bool operator==(const VersionReply&) const = default;
};

using Reply = std::variant<InfoReply, DescriptionReply, SlotsReply, SlotReply, ResetReply,
                           PlanReply, DoneReply, ReloadReply, ConfigReply, HistoryReply,
                           DoctorReply, RecordReply, MetricsReply, VersionReply>;

/// The daemon's side. Decoding checks the call against the interface text and the bounds above;
/// unknown parameters are refused (a misspelt dry_run must not reset a card).
Incoming decode_call(std::string_view message);
/// With the NUL that ends a message.
std::string encode_reply(const Reply& reply, bool continues);
std::string encode_fault(const Fault& fault);

/// The client's side.
std::string encode_call(const Method& method, bool more);

/// A reply before anybody has looked into it.
struct ReceivedReply {
    bool continues = false;
    std::optional<Fault> fault;
    std::string parameters;  ///< JSON object as text
};

Result<ReceivedReply> decode_reply(std::string_view message);

/// The parameters of a reply as values. Fields this build does not know are ignored.
Result<SlotsReply> decode_slots(std::string_view parameters);
Result<SlotReply> decode_slot(std::string_view parameters);
Result<ResetReply> decode_reset(std::string_view parameters);
Result<PlanReply> decode_plan(std::string_view parameters);
Result<DoneReply> decode_done(std::string_view parameters);
Result<ReloadReply> decode_reload(std::string_view parameters);
Result<ConfigReply> decode_config(std::string_view parameters);
Result<HistoryReply> decode_history(std::string_view parameters);
Result<RecordReply> decode_record(std::string_view parameters);
Result<MetricsReply> decode_metrics(std::string_view parameters);
Result<VersionReply> decode_version(std::string_view parameters);

}  // namespace slotd::control
