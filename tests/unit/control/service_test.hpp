#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/record.hpp"
#include "control/control_service.hpp"
#include "control/fault.hpp"
#include "control/message.hpp"
#include "event/request.hpp"
#include "pci/address.hpp"
#include "tests/fakes/fake_backend.hpp"

namespace slotd::control {

/// Keeps what is sent; a full connection drops what is offered.
class FakeSink : public ReplySink {
public:
    std::map<ConnectionId, std::vector<std::string>> sent;
    std::set<ConnectionId> hung_up;
    std::set<ConnectionId> full;

    void send(ConnectionId connection, std::string message) override {
        sent[connection].push_back(std::move(message));
    }

    bool offer(ConnectionId connection, std::string message) override {
        if (!full.contains(connection)) {
            sent[connection].push_back(std::move(message));
        }
        return !full.contains(connection);
    }

    void hang_up(ConnectionId connection) override { hung_up.insert(connection); }
};

class ServiceTest : public testing::Test {
protected:
    static constexpr ConnectionId kRoot = 10;

    ServiceTest() {
        backend_.machine = fakes::small_machine();
        service_.connect(sink_);
        service_.opened(kRoot, {0, 4711, {0}, "sshd.service"});
    }

    void call(const Method& method, bool more = false, ConnectionId from = kRoot) {
        (void)service_.received(from, encode_call(method, more));
    }

    /// The replies since the last time, decoded.
    std::vector<ReceivedReply> replies(ConnectionId to = kRoot) {
        std::vector<ReceivedReply> decoded;
        for (std::string message : std::exchange(sink_.sent[to], {})) {
            EXPECT_EQ(message.back(), '\0');
            message.pop_back();
            decoded.push_back(*decode_reply(message));
        }
        return decoded;
    }

    Fault only_fault(ConnectionId to = kRoot) {
        const auto all = replies(to);
        EXPECT_EQ(all.size(), 1U);
        EXPECT_TRUE(!all.empty() && all.front().fault);
        return all.empty() ? Fault(ExpectedMore{}) : all.front().fault.value_or(ExpectedMore{});
    }

    std::vector<ResetState> reset_states() {
        std::vector<ResetState> states;
        const std::vector<ReceivedReply> all = replies();
        for (const ReceivedReply& reply : all) {
            const auto reset = decode_reset(reply.parameters);
            EXPECT_TRUE(reset.has_value()) << reply.parameters;
            if (reset) {
                states.push_back(reset->state);
                const bool last = reset->state == ResetState::Finished || !reply.continues;
                EXPECT_EQ(last, &reply == &all.back());
            }
        }
        return states;
    }

    static ResetTarget reset(bool wait) {
        return {"0000:01:00.0", event::ResetMethod::Auto, "because", false, wait};
    }

    static action::Record record_of(pci::Address port, std::uint64_t incident = 0) {
        action::Record record;
        record.port = port;
        record.incident = incident;
        record.text = "something";
        return record;
    }

    fakes::FakeBackend backend_;
    FakeSink sink_;
    ControlService service_{backend_, {.version = "1.2", .groups = {300, 301}, .limits = {}}};
};

}  // namespace slotd::control
