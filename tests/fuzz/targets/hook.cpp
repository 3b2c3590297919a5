// control::decode_hook_reply (what a hook says to slotd) and decode_hook_call (what somebody says
// to slotd-run-hooks, which starts programs with it).
#include "control/hook.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "control/message.hpp"
#include "report/printable.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/targets.hpp"

namespace slotd::fuzz {

namespace {

std::string_view without_nul(const std::string& sent) {
    require(sent.find('\0') == sent.size() - 1, "what is sent is one message");
    return std::string_view(sent).substr(0, sent.size() - 1);
}

void require_answer(const control::HookAnswer& answer) {
    require(is_printable(answer.reason), "a reason is printable");
    require(report::columns(answer.reason) <= control::kReasonBytesMax, "a reason is short");
    require(answer.proceed || !answer.reason.empty(), "an objection has a reason");
    const auto again = control::decode_hook_reply(without_nul(control::encode_reply(answer)));
    require(again && *again == answer, "decode(encode(x)) is x");
}

void require_run(const control::HookRun& run) {
    require(run.patience >= Duration::zero() && run.patience <= std::chrono::hours(1),
            "patience has an end");
    std::set<std::string> names;
    for (const std::string& variable : run.environment) {
        const std::size_t equals = variable.find('=');
        require(variable.starts_with("SLOTD_") && equals != std::string::npos,
                "a program gets variables of slotd alone");
        require(variable.find('\0') == std::string::npos, "a variable is one");
        require(names.insert(variable.substr(0, equals)).second, "no variable is there twice");
    }
    require(names.contains("SLOTD_PORT") && names.contains("SLOTD_INCIDENT"),
            "a program is told what it is about");
    require(run.before == names.contains("SLOTD_FUNCTIONS"), "who may object knows of what");
}

}  // namespace

void fuzz_hook(std::span<const std::uint8_t> bytes) {
    const std::string_view message = text_of(bytes);
    if (const auto answer = control::decode_hook_reply(message)) {
        require_answer(*answer);
    } else {
        require(is_printable(answer.error().context), "what is wrong is printable");
    }
    if (const auto run = control::decode_hook_call(message)) {
        require_run(*run);
    } else {
        const auto refused = control::decode_hook_reply(
            without_nul(control::encode_hook_error(run.error().context)));
        require(refused && !refused->proceed, "what is not understood is an objection");
    }
}

}  // namespace slotd::fuzz
