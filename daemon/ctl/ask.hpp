#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/time.hpp"
#include "control/message.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/ctl/exit_code.hpp"
#include "daemon/ctl/session.hpp"

namespace slotd::ctl {

/// What to print of the parameters of a reply.
using ReplyText = std::function<Result<std::string>(std::string_view parameters)>;

/// `decode` as the reader of a reply, `text_of` as its writer.
template <class Reply, class Text>
ReplyText read_as(Result<Reply> (*decode)(std::string_view), Text text_of) {
    return [decode, text_of](std::string_view parameters) -> Result<std::string> {
        auto reply = decode(parameters);
        if (!reply) {
            return std::unexpected(std::move(reply.error()));
        }
        return text_of(*reply);
    };
}

/// A call with one reply, and nothing to wait for but the reply: printed as it came with --json,
/// else as `text_of` has it.
ExitCode ask(const Invocation& invocation, const control::Method& method, const ReplyText& text_of,
             Duration time = kAnswerTime);

}  // namespace slotd::ctl
