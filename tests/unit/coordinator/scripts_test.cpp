#include "coordinator/scripts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "coordinator/operation.hpp"
#include "coordinator/slot.hpp"
#include "event/observation.hpp"
#include "pci/address.hpp"
#include "pci/topology.hpp"
#include "policy/ladder.hpp"
#include "tests/fakes/fake_machine.hpp"

namespace slotd::coordinator {
namespace {

using fakes::at;

bool notes_vfs(const std::vector<action::Effect>& script) {
    return std::ranges::any_of(script, [](const action::Effect& effect) {
        return std::holds_alternative<action::NoteVfs>(effect);
    });
}

pci::Function function(const char* address, bool is_virtual) {
    pci::Function one;
    one.address = at(address);
    one.is_virtual = is_virtual;
    return one;
}

struct ClosingScript : testing::Test {
    ClosingScript() {
        slot.facts.port = at("0000:00:02.0");
        slot.facts.functions = {function("0000:01:00.0", false)};
        operation.purpose = Purpose::Manual;
        operation.rungs = {policy::Rung::Reenumerate};
    }

    Slot slot;
    Operation operation;
};

TEST_F(ClosingScript, NotesNoVirtualFunctionsWhereThereAreNone) {
    EXPECT_FALSE(notes_vfs(closing_script(slot, operation)));
}

TEST_F(ClosingScript, NotesVirtualFunctionsThatWereSeen) {
    event::FunctionSeen seen;
    seen.address = at("0000:01:00.0");
    seen.vfs = 2;
    slot.known.functions = {seen};

    EXPECT_TRUE(notes_vfs(closing_script(slot, operation)));
}

// They were lost: the last look was before slotd itself had brought them back.
TEST_F(ClosingScript, NotesVirtualFunctionsThatCameAfterTheLastLook) {
    slot.facts.functions = {slot.facts.functions.front(), function("0000:01:00.1", true)};

    EXPECT_TRUE(notes_vfs(closing_script(slot, operation)));
}

}  // namespace
}  // namespace slotd::coordinator
