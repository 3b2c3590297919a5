#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"

namespace slotd::control {

/// What a hook is asked before a step touches anything: method BeforeStep of interface
/// io.slotd.Hook.
struct HookQuestion {
    pci::Address port;
    std::string slot;                      ///< slot name; empty where there is none
    std::string step;                      ///< "slot", "reenumerate", ...
    std::vector<pci::Function> functions;  ///< of the slot, as enumerated
    std::uint64_t incident = 0;
    bool automatic = false;  ///< of slotd's own accord
    bool forced = false;     ///< an operator said --force
    std::string asked_by;    ///< who asked for it; empty where automatic
    Duration patience{};     ///< until slotd takes silence for an objection
    bool operator==(const HookQuestion&) const = default;
};

/// How an attempt that hooks agreed to has ended: method AfterStep. Its answer is not waited for.
struct HookEnd {
    pci::Address port;
    std::uint64_t incident = 0;
    bool well = false;
    std::string how;
    bool operator==(const HookEnd&) const = default;
};

/// What a hook says to a HookQuestion.
struct HookAnswer {
    bool proceed = false;
    std::string reason;  ///< printable, at most 255 columns; never empty where it objects
    bool operator==(const HookAnswer&) const = default;
};

/// A call as a hook that runs programs takes it.
struct HookRun {
    bool before = true;   ///< BeforeStep: the programs may object
    Duration patience{};  ///< for all of them together; 0 to an hour
    /// "SLOTD_PORT=0000:00:1c.0", ...: no value has a NUL in it.
    std::vector<std::string> environment;
    bool operator==(const HookRun&) const = default;
};

/// The interface that hooks speak, as Varlink has it.
std::string_view hook_interface_text();

/// One Varlink call each, with the NUL that ends it.
std::string encode_call(const HookQuestion& question);
std::string encode_call(const HookEnd& end);

/// A hook's reply without its NUL; foreign bytes. A Varlink error is an objection with its name for
/// a reason. Malformed for anything that is not a reply to BeforeStep.
Result<HookAnswer> decode_hook_reply(std::string_view message);

/// The hook's side: a call without its NUL, foreign bytes; Malformed says what is wrong with it.
Result<HookRun> decode_hook_call(std::string_view message);
/// Its replies, with the NUL that ends them.
std::string encode_reply(const HookAnswer& answer);
std::string encode_hook_error(std::string_view what);

}  // namespace slotd::control
