#include "daemon/hooks.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "control/hook.hpp"
#include "event/outcome.hpp"
#include "os/control_client.hpp"
#include "os/event_loop.hpp"

namespace slotd::daemon {

Hooks::Hooks(std::string directory, Duration patience, os::EventLoop& loop, Ended ended)
    : directory_(std::move(directory)),
      patience_(patience),
      loop_(loop),
      ended_(std::move(ended)) {}

void Hooks::reconfigure(std::string directory, Duration patience) {
    directory_ = std::move(directory);
    patience_ = patience;
}

Result<std::vector<std::string>> Hooks::names() const {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator at(directory_, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        std::error_code gone;
        if (at->is_socket(gone)) {
            names.push_back(at->path().filename().string());
        }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return failure(ErrorKind::Io, "look for hooks in " + directory_, error.value());
    }
    if (names.size() > kHooksMax) {
        return failure(ErrorKind::Overflow, fmt::format("ask more than {} hooks in {}; remove some",
                                                        kHooksMax, directory_));
    }
    std::ranges::sort(names);
    return names;
}

void Hooks::nobody_objects(event::EffectId id) {
    if (!unasked_watch_) {
        unasked_wake_ = os::UniqueFd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        auto watch = loop_.watch(unasked_wake_.get(), os::Turn::Completion, [this](os::Ready) {
            eventfd_t count = 0;
            (void)::eventfd_read(unasked_wake_.get(), &count);
            for (const event::EffectId unasked : std::exchange(unasked_, {})) {
                ended_(unasked, {});
            }
        });
        if (!watch) {
            return;  // as in ask()
        }
        unasked_watch_ = std::move(*watch);
    }
    unasked_.push_back(id);
    (void)::eventfd_write(unasked_wake_.get(), 1);
}

void Hooks::ask(event::EffectId id, control::HookQuestion question) {
    const auto sockets = names();
    if (sockets && sockets->empty()) {
        nobody_objects(id);
        return;
    }
    asked_.insert(question.port);
    Inquiry& inquiry = inquiries_.emplace_back();
    inquiry.id = id;
    auto timer = loop_.timer(os::Turn::Deadline, [this, &inquiry] { passed(inquiry); });
    if (!timer) {
        // Without a loop nothing goes on; the effect is never answered, and nothing is reset.
        inquiries_.pop_back();
        return;
    }
    inquiry.timer = std::move(*timer);
    if (!sockets) {
        inquiry.objection = sockets.error().message();
    } else {
        question.patience = patience_;
        const std::string call = control::encode_call(question);
        for (const std::string& name : *sockets) {
            if (const auto begun = begin(inquiry, name, call); !begun) {
                inquiry.objection = "hook " + name + ": " + begun.error().message();
            }
        }
    }
    settle(inquiry);
    if (!inquiry.over) {
        (void)inquiry.timer.arm(loop_.now() + patience_);
    }
}

Status Hooks::begin(Inquiry& inquiry, const std::string& name, const std::string& call) {
    auto client = os::ControlClient::connect(directory_ + "/" + name);
    if (!client) {
        return std::unexpected(std::move(client.error()));
    }
    if (auto sent = client->send(call, Duration::zero()); !sent) {
        return sent;
    }
    const auto asked = inquiry.open.insert(inquiry.open.end(), {name, std::move(*client), {}});
    auto watch = loop_.watch(asked->client.fd(), os::Turn::Completion,
                             [this, &inquiry, asked](os::Ready) { hear(inquiry, asked); });
    if (!watch) {
        inquiry.open.erase(asked);
        return std::unexpected(std::move(watch.error()));
    }
    asked->watch = std::move(*watch);
    return {};
}

void Hooks::hear(Inquiry& inquiry, std::list<Asked>::iterator asked) {
    auto said = asked->client.receive(Duration::zero(), -1);
    if (!said && said.error().kind == ErrorKind::TimedOut) {
        return;  // not all of it yet
    }
    auto answer = said && *said ? control::decode_hook_reply(**said)
                                : Result<control::HookAnswer>(std::unexpected(
                                      Error{ErrorKind::NotFound, 0, "get an answer from it"}));
    if (!answer || !answer->proceed) {
        const std::string why = answer ? answer->reason : answer.error().message();
        inquiry.objection = "hook " + asked->name + ": " + why;
    }
    inquiry.open.erase(asked);
    settle(inquiry);
}

void Hooks::settle(Inquiry& inquiry) {
    if (inquiry.objection || inquiry.open.empty()) {
        inquiry.over = true;
        (void)inquiry.timer.arm(loop_.now());  // from the loop, not from within ask()
    }
}

void Hooks::passed(Inquiry& inquiry) {
    if (!inquiry.over && !inquiry.open.empty()) {
        inquiry.objection =
            fmt::format("hook {}: no answer within {} ms", inquiry.open.front().name,
                        std::chrono::duration_cast<std::chrono::milliseconds>(patience_).count());
    }
    const auto at =
        std::ranges::find_if(inquiries_, [&](const Inquiry& one) { return &one == &inquiry; });
    std::list<Inquiry> ended;
    ended.splice(ended.begin(), inquiries_, at);
    event::Outcome outcome;
    if (inquiry.objection) {
        outcome = {event::OutcomeKind::Refused, 0, *inquiry.objection, std::nullopt};
    }
    ended_(inquiry.id, outcome);
}

void Hooks::tell(const control::HookEnd& end) {
    if (asked_.erase(end.port) == 0) {
        return;
    }
    const auto sockets = names();
    if (!sockets) {
        return;
    }
    const std::string call = control::encode_call(end);
    for (const std::string& name : *sockets) {
        if (auto client = os::ControlClient::connect(directory_ + "/" + name)) {
            (void)client->send(call, Duration::zero());  // best effort; it reads when it gets to it
        }
    }
}

}  // namespace slotd::daemon
