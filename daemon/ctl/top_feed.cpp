#include "daemon/ctl/top_feed.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "control/fault.hpp"
#include "control/message.hpp"
#include "os/control_client.hpp"

namespace slotd::ctl {

using namespace std::chrono_literals;

namespace {

/// A storm of decisions must not become one of questions.
constexpr auto kAskApart = 100ms;
constexpr auto kConnectApart = 1s;
constexpr Duration kSendTime = 1s;

enum class Got { Message, Nothing, Lost };

Got receive(os::ControlClient& client, control::ReceivedReply& reply, std::string& why) {
    const auto message = client.receive(Duration::zero(), -1);
    if (!message) {
        why = message.error().message();
        return message.error().kind == ErrorKind::TimedOut ? Got::Nothing : Got::Lost;
    }
    auto decoded = *message ? control::decode_reply(**message)
                            : Result<control::ReceivedReply>(failure(ErrorKind::Io, "read"));
    if (!decoded) {
        why = decoded.error().message();
        return Got::Lost;
    }
    if (decoded->fault) {
        why = control::to_string(*decoded->fault);
        return Got::Lost;
    }
    reply = std::move(*decoded);
    return Got::Message;
}

}  // namespace

bool TopFeed::connect() {
    auto records = os::ControlClient::connect(socket_);
    auto slots = records ? os::ControlClient::connect(socket_)
                         : Result<os::ControlClient>(std::unexpected(records.error()));
    if (!slots || !records->send(control::encode_call(control::Subscribe{}, true), kSendTime)) {
        return false;
    }
    records_.emplace(std::move(*records));
    slots_.emplace(std::move(*slots));
    stale_ = true;
    asked_ = false;
    return true;
}

void TopFeed::lose(const std::string& why, Clock::time_point now, News& news) {
    records_.reset();
    slots_.reset();
    connect_after_ = now + kConnectApart;
    lost_ = true;
    news.trouble = "slotd is gone, waiting" + (why.empty() ? "" : " (" + why + ")");
}

bool TopFeed::take_records(News& news, std::string& why) {
    for (;;) {
        control::ReceivedReply reply;
        const Got got = receive(*records_, reply, why);
        if (got != Got::Message) {
            return got == Got::Nothing;
        }
        auto record = control::decode_record(reply.parameters);
        if (!record) {
            why = record.error().message();
            return false;
        }
        news.records.push_back(std::move(*record));
        stale_ = true;
    }
}

bool TopFeed::take_slots(News& news, std::string& why) {
    control::ReceivedReply reply;
    const Got got = receive(*slots_, reply, why);
    if (got != Got::Message) {
        return got == Got::Nothing;
    }
    auto list = control::decode_slots(reply.parameters);
    if (!list) {
        why = list.error().message();
        return false;
    }
    asked_ = false;
    news.slots = std::move(list->slots);
    if (std::exchange(lost_, false)) {
        news.trouble = "";
    }
    return true;
}

TopFeed::News TopFeed::go_on(Clock::time_point now) {
    News news;
    std::string why;
    if (!records_) {
        if (now < connect_after_) {
            return news;
        }
        if (!connect()) {
            lose("", now, news);
            return news;
        }
    }
    if (!take_records(news, why) || !take_slots(news, why)) {
        lose(why, now, news);
        return news;
    }
    if (stale_ && !asked_ && now >= ask_after_) {
        if (!slots_->send(control::encode_call(control::ListSlots{}, false), kSendTime)) {
            lose("", now, news);
            return news;
        }
        stale_ = false;
        asked_ = true;
        ask_after_ = now + kAskApart;
    }
    return news;
}

std::optional<TopFeed::Clock::time_point> TopFeed::wake_at() const {
    if (!records_) {
        return connect_after_;
    }
    return stale_ && !asked_ ? std::optional(ask_after_) : std::nullopt;
}

}  // namespace slotd::ctl
