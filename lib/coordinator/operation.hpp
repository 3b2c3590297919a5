#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/boxed.hpp"
#include "coordinator/card.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "policy/ladder.hpp"

namespace slotd::coordinator {

/// Why slotd acts on a slot.
enum class Purpose : std::uint8_t {
    TakeToken,  ///< level exclusive: unbind pciehp, give the domain to aer and dpc
    Recover,    ///< the kernel gave up, or fell silent and the card does not verify
    Manual,     ///< an operator asked
    Replay,     ///< a hot-plug that was held back is handed to pciehp
};

const char* to_text(Purpose purpose);

/// One own operation: at most one in a reset domain at a time. Its steps share the operation's
/// turn; each try at a step is an attempt with a number of its own.
struct Operation {
    Purpose purpose = Purpose::Recover;
    std::uint32_t attempt = 0;        ///< of the current step; completions carry it
    bool reserved = false;            ///< the history has the current attempt, and not its end
    std::vector<policy::Rung> rungs;  ///< left to try, gentlest first; front is the current one
    Boxed<event::ResetRequested> request;  ///< only of Purpose::Manual
    Card before;                           ///< what verification compares with
    bool touched = false;                  ///< something of the current step has been done
    bool frozen = false;                   ///< only re-enumeration makes the functions usable again
    bool ill = false;          ///< the slot was not well before; only of Purpose::Manual
    std::string last_failure;  ///< why the step before did not do

    bool operator==(const Operation&) const = default;
};

}  // namespace slotd::coordinator
