#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "action/record.hpp"
#include "control/access.hpp"
#include "control/answers.hpp"
#include "control/backend.hpp"
#include "control/fault.hpp"
#include "control/find_slot.hpp"
#include "control/framing.hpp"
#include "control/loan.hpp"
#include "control/message.hpp"
#include "control/plan_reply.hpp"
#include "control/reply_sink.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"

namespace slotd::control {

/// Bounds on who may be connected at once.
struct ClientLimits {
    std::size_t clients = 1200;
    /// Of these so many are for operators alone: readers cannot lock them out...
    std::size_t reserved_for_operators = 100;
    /// ...and users without any right get no further than this.
    std::size_t strangers = 16;
};

struct ServiceOptions {
    std::string version;
    AccessGroups groups;
    ClientLimits limits;
};

/// The control interface without its socket: bytes in, replies out through the sink. One call at a
/// time for each connection, as Varlink has it: what is pipelined behind a call that waits
/// (Subscribe, Reset with wait, Plan) stays unread until that has ended, and ends the connection
/// when it passes 64 KiB. Lives in the event loop's thread, as the backend does.
class ControlService {
public:
    /// Calls handled in one turn, so that one busy client does not hold up the others.
    static constexpr int kCallsPerTurn = 8;

    enum class Turn {
        Done,  ///< nothing to do until more bytes come or a waiting call ends
        More,  ///< complete calls are left over: call received() again, with no bytes
    };

    ControlService(Backend& backend, ServiceOptions options);
    ControlService(const ControlService&) = delete;
    ControlService& operator=(const ControlService&) = delete;

    /// Must be called once, before anything else. The socket does.
    void connect(ReplySink& sink) { sink_ = &sink; }

    void opened(ConnectionId connection, Peer peer);
    /// `loan`: descriptors that came with the last of `bytes`. They are for the call that this byte
    /// belongs to.
    Turn received(ConnectionId connection, std::string_view bytes,
                  std::unique_ptr<Loan> loan = nullptr);
    void closed(ConnectionId connection);

    /// A call of this connection is waiting for its end.
    bool waiting(ConnectionId connection) const;
    /// Complete calls are left over and none is waiting (any more).
    bool has_work(ConnectionId connection) const;

    std::size_t connections() const { return connections_.size(); }

    std::size_t subscribers() const;

    /// Records that some subscriber did not get.
    std::uint64_t missed_records() const { return missed_records_; }

    /// To every subscriber, and as progress to those who wait for a reset of that slot or incident.
    void publish(const action::Record& record);
    /// To the one who waits for it, if anybody still does. May be called from within
    /// Backend::submit.
    void answer(const Answer& answer);
    void answer(const PlanAnswer& answer);
    void answer(const HistoryAnswer& answer);

private:
    using Loans = std::vector<std::unique_ptr<Loan>>;

    struct LoanAt {
        std::uint64_t end = 0;  ///< offset in the stream behind the byte that it came with
        std::unique_ptr<Loan> loan;
    };

    /// A reset somebody waits for.
    struct WaitingReset {
        ResetReply reply;   ///< what every reply to it has in common
        bool more = false;  ///< wants progress
        std::uint64_t incident =
            0;  ///< that the reset has turned out to belong to; 0: not known yet
    };

    /// A hold, release or plan has one reply, when it is known.
    struct WaitingAct {
        DoneReply reply;
    };

    struct WaitingPlan {
        event::RequestId request = 0;
        PlanReply reply;
    };

    /// One after the other is at the backend: readers cannot fill what a reset has to wait in.
    struct WaitingHistory {
        HistoryRequested request;
    };

    struct Connection {
        Peer peer;
        Role role = Role::Stranger;
        Framing framing{kCallBytesMax};
        bool hung_up = false;
        bool subscribed = false;
        std::uint64_t missed = 0;  ///< records dropped since the last one that got through
        std::optional<WaitingReset> reset;
        std::variant<std::monostate, WaitingAct, WaitingPlan, WaitingHistory> short_call;
        std::vector<LoanAt> loans;  ///< whose call has not been read yet

        bool waiting() const { return subscribed || reset.has_value() || short_call.index() != 0; }
    };

    /// What comes back while Backend::submit is running: the request has no reply yet that it could
    /// follow.
    struct Submission {
        event::RequestId request = 0;
        pci::Address port;
        std::vector<action::Record> records;
        std::optional<Answer> answer;
    };

    bool room_for(Role role) const;
    std::size_t count(Role role) const;
    bool borrow(Connection& connection, std::unique_ptr<Loan> loan);
    /// Those of the message that was taken last.
    static Loans loans_of_call(Connection& connection);
    void call(ConnectionId id, Connection& connection, std::string_view message, Loans loans);
    void answer_call(ConnectionId id, Connection& connection, const Incoming& incoming,
                     Loans loans);
    void show(ConnectionId id, const ShowSlot& show, bool oneway);
    void hold(ConnectionId id, Connection& connection, const HoldSlot& hold, bool oneway);
    void release(ConnectionId id, Connection& connection, const ReleaseSlot& release, bool oneway);
    void plan(ConnectionId id, Connection& connection, const PlanReset& plan, bool oneway);
    void history(ConnectionId id, Connection& connection, const AskHistory& ask, bool oneway);
    void ask_next_history();
    void reload(ConnectionId id, const Connection& connection, const ReloadConfig& reload,
                bool oneway);
    void config(ConnectionId id, const GetConfig& config, bool oneway);
    void doctor(ConnectionId id, const ConsultDoctor& consult, bool oneway);
    void reset(ConnectionId id, Connection& connection, const ResetTarget& target,
               const Incoming& incoming, Loans loans);
    std::optional<FoundSlot> find(ConnectionId id, const std::string& name, bool oneway);
    static event::Requester requester(const Connection& connection, const std::string& reason);
    Submission submit(const event::ResetRequested& request, std::unique_ptr<Loan> loan);
    void finish_submission(ConnectionId id, Connection& connection, const Submission& submission,
                           ResetReply reply, const ResetTarget& target, const Incoming& incoming);
    void progress(ConnectionId id, WaitingReset& reset, const action::Record& record);
    void finish(ConnectionId id, Connection& connection, const Answer& answer);
    void finish_act(ConnectionId id, Connection& connection, const Answer& answer);
    void reply(ConnectionId id, const Reply& reply, bool oneway, bool continues = false);
    void fail(ConnectionId id, const Fault& fault, bool oneway);
    void hang_up(ConnectionId id, Connection& connection, const Fault& fault);

    Backend& backend_;
    ServiceOptions options_;
    std::uint64_t missed_records_ = 0;
    ReplySink* sink_ = nullptr;
    std::map<ConnectionId, Connection> connections_;
    event::RequestId last_request_ = 0;
    std::optional<Submission> submission_;
    event::RequestId history_asked_ = 0;  ///< at the backend now; 0 for none
};

}  // namespace slotd::control
