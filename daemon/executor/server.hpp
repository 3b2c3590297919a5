#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "daemon/executor/client.hpp"
#include "daemon/executor/crash_points.hpp"
#include "daemon/executor/crew.hpp"
#include "daemon/executor/gate_opener.hpp"
#include "daemon/executor/job.hpp"
#include "event/outcome.hpp"
#include "os/gate_record.hpp"
#include "os/sysfs_dir.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio_calls.hpp"

namespace slotd::executor {

/// What slotd-exec works on.
struct ServerSetup {
    std::string sysfs_root = "/sys";
    std::string proc_root = "/proc";
    std::string state_dir = "/run/slotd-exec";
    CrewLimits limits;
    bool surveys_only = false;  ///< everything else is refused, and no gate record is looked at
    const os::VfioCalls* vfio = &os::kernel_vfio();
};

/// The one loop of slotd-exec. It never blocks: what can block is a worker's. It begins and ends by
/// opening every gate that the record has as closed.
class Server {
public:
    /// `stop` is a signalfd of the signals that end it.
    Server(const ServerSetup& setup, const CrashPoints& crash, os::UniqueFd stop);

    /// Opens every recorded gate. False where one is still closed, or a line of the record could
    /// not be read.
    bool open_gates();

    /// Answers requests until the client closes its end or a stop signal comes, then opens all
    /// gates; where only surveys are made, there are none. The result is open_gates()'s.
    bool serve(os::UniqueFd client);

private:
    void take_signals();
    void wait(Client* client);
    /// What came with it is closed here, whatever becomes of it.
    void take_request(Client& client, Client::Datagram datagram);
    void take_sample_request(Client& client, const Client::Datagram& datagram);
    bool start(Client& client, std::uint64_t id, const Job& job,
               std::span<const os::UniqueFd> lent);
    void refuse(Client& client, std::uint64_t id, const std::string& why);
    void report(Client& client, const JobEnded& ended);
    void finish_running();
    /// What the record has once no kernel recovery runs where pciehp will be bound.
    Result<os::ClosedGates> load_drained();
    template <class Task>
    void run_to_end(Task& task);
    bool open_once(const os::ClosedGates& closed);

    os::GateRecord record_;
    const CrashPoints& crash_;
    os::UniqueFd stop_;
    Crew crew_;
    const std::string sysfs_root_;
    const bool surveys_only_;
    bool stopping_ = false;
    std::uint64_t next_ticket_ = 1;
    std::map<std::uint64_t, event::EffectId> asked_;  // by ticket; at most one for each worker
};

}  // namespace slotd::executor
