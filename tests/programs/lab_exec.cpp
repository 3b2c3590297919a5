// lab-exec EFFECT PORT [EFFECT PORT]...
//
// Has a slotd-exec of its own do one effect after another, as slotd would, and prints one line for
// each outcome: "done", "refused: why". At its end all gates are opened. Effects: note-vfs,
// restore-vfs, reset-by-vfio, power-off, power-on.
#include <poll.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "os/executor_client.hpp"
#include "pci/address.hpp"

namespace {

using namespace slotd;
using namespace std::chrono_literals;

std::optional<action::Effect> effect_of(const std::string& word, const pci::Address& port) {
    const std::map<std::string, action::Effect> effects{
        {"note-vfs", action::NoteVfs{port}},
        {"restore-vfs", action::RestoreVfs{port}},
        {"reset-by-vfio", action::ResetByVfio{port}},
        {"power-off", action::SetSlotPower{port, false}},
        {"power-on", action::SetSlotPower{port, true}},
    };
    const auto found = effects.find(word);
    return found != effects.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    std::optional<event::Outcome> answer;
    bool ended = false;
    os::ExecutorClient client(
        [&](event::EffectId, event::Outcome outcome) { answer = std::move(outcome); },
        [&](const std::string&) { ended = true; });
    if (!client.launch({"/usr/bin/slotd-exec"})) {
        return 1;
    }
    for (int at = 1; at + 1 < argc && !ended; at += 2) {
        const auto port = pci::Address::parse(argv[at + 1]);
        const auto effect = port ? effect_of(argv[at], *port) : std::nullopt;
        if (!effect) {
            std::fprintf(stderr, "lab-exec: no such effect or port: %s %s\n", argv[at],
                         argv[at + 1]);
            return 2;
        }
        answer.reset();
        client.start(static_cast<event::EffectId>(at), *effect);
        while (!answer && !ended) {
            pollfd polled{.fd = client.fd(), .events = POLLIN, .revents = 0};
            (void)::poll(&polled, 1, -1);
            client.readable();
        }
        std::puts(answer ? answer->to_string().c_str() : "slotd-exec has ended");
        (void)std::fflush(stdout);
    }
    return client.close_and_wait(100s) ? 0 : 1;
}
