#include "control/access.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "control/message.hpp"

namespace slotd::control {
namespace {

constexpr AccessGroups kGroups{.readers = 300, .operators = 301};

Peer peer(std::uint32_t uid, std::vector<std::uint32_t> gids) {
    return {uid, 1, std::move(gids), ""};
}

ResetTarget reset(bool dry_run) {
    return {"5", event::ResetMethod::Auto, "why", dry_run, false};
}

TEST(Access, RootAndTheAdminGroupActTheGroupReads) {
    EXPECT_EQ(role_of(peer(0, {0}), kGroups), Role::Operator);
    EXPECT_EQ(role_of(peer(1000, {1000, 301}), kGroups), Role::Operator);
    EXPECT_EQ(role_of(peer(1000, {300, 301}), kGroups), Role::Operator);
    EXPECT_EQ(role_of(peer(1000, {300}), kGroups), Role::Reader);
    EXPECT_EQ(role_of(peer(1000, {1000}), kGroups), Role::Stranger);
    EXPECT_EQ(role_of(peer(65534, {}), kGroups), Role::Stranger);
}

// Group 0 is not uid 0.
TEST(Access, TheGroupOfRootIsNotRoot) {
    EXPECT_EQ(role_of(peer(1000, {0}), kGroups), Role::Stranger);
}

// "No such group" must never read as "everybody".
TEST(Access, MissingGroupsAdmitNobody) {
    EXPECT_EQ(role_of(peer(1000, {300, 301}), AccessGroups{}), Role::Stranger);
    EXPECT_EQ(role_of(peer(0, {}), AccessGroups{}), Role::Operator);
}

TEST(Access, EachRoleMayWhatThoseBelowItMay) {
    EXPECT_TRUE(allowed(Role::Stranger, GetInfo{}));
    EXPECT_TRUE(allowed(Role::Stranger, GetInterfaceDescription{}));
    for (const Method& method :
         {Method(ListSlots{}), Method(ShowSlot{}), Method(Subscribe{}), Method(PlanReset{"5"}),
          Method(AskHistory{}), Method(GetConfig{}), Method(ConsultDoctor{}), Method(GetMetrics{}),
          Method(GetVersion{}), Method(reset(true))}) {
        EXPECT_FALSE(allowed(Role::Stranger, method)) << method_name(method);
        EXPECT_TRUE(allowed(Role::Reader, method)) << method_name(method);
        EXPECT_TRUE(allowed(Role::Operator, method)) << method_name(method);
    }
    for (const Method& method : {Method(reset(false)), Method(HoldSlot{}), Method(ReleaseSlot{}),
                                 Method(ReloadConfig{"x"})}) {
        EXPECT_FALSE(allowed(Role::Stranger, method)) << method_name(method);
        EXPECT_FALSE(allowed(Role::Reader, method)) << method_name(method);
        EXPECT_TRUE(allowed(Role::Operator, method)) << method_name(method);
    }
}

}  // namespace
}  // namespace slotd::control
