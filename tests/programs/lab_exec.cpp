// lab-exec [--socket PATH] EFFECT ADDRESS [EFFECT ADDRESS]... [-- OPTION...]
//
// Has a slotd-exec of its own (with these options), or the one that listens there, do one effect
// after another, as slotd would, and
// prints one line for each outcome: "done", "refused: why". At its end all gates are opened.
// The address is the port's; for remove, flr and bus-reset the function's. lend-reset opens what is
// below the port as a virtual machine would, lends its groups, and has it reset.
#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/effect.hpp"
#include "base/time.hpp"
#include "event/outcome.hpp"
#include "os/executor_client.hpp"
#include "os/unique_fd.hpp"
#include "os/vfio.hpp"
#include "os/vfio_calls.hpp"
#include "pci/address.hpp"
#include "pci/service.hpp"

namespace {

using namespace slotd;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::optional<action::Effect> effect_of(const std::string& word, const pci::Address& address) {
    const pci::Address& port = address;
    const pci::Address& function = address;
    const std::map<std::string, action::Effect> effects{
        {"note-vfs", action::NoteVfs{port}},
        {"restore-vfs", action::RestoreVfs{port}},
        {"reset-by-vfio", action::ResetByVfio{port}},
        {"lend-reset", action::ResetByLentFds{port, 1}},
        {"power-off", action::SetSlotPower{port, false}},
        {"power-on", action::SetSlotPower{port, true}},
        {"observe", action::ObserveSlot{port}},
        {"survey", action::SurveyUse{port}},
        {"fence", action::RaiseFence{port}},
        {"mask-hotplug", action::MaskHotplug{port}},
        {"unbind-pciehp", action::UnbindService{port, pci::Service::Pciehp}},
        {"unbind-aer", action::UnbindService{port, pci::Service::Aer}},
        {"rescan", action::RescanBelow{port}},
        {"remove", action::RemoveFunction{function}},
        {"flr", action::ResetFunction{function, action::KernelReset::Flr}},
        {"bus-reset", action::ResetFunction{function, action::KernelReset::Bus}},
    };
    const auto found = effects.find(word);
    return found != effects.end() ? std::optional(found->second) : std::nullopt;
}

/// The outcome, and how much a look has seen.
std::string told(const event::Outcome& outcome) {
    std::string text = outcome.to_string();
    if (outcome.observation) {
        text += fmt::format(", link x{}, {} functions", outcome.observation->link_width,
                            outcome.observation->functions.size());
    }
    if (outcome.usage) {
        text += fmt::format(", {} processes, {} things unreadable", outcome.usage->processes.size(),
                            outcome.usage->unreadable.size());
    }
    return text;
}

/// A virtual machine's hold on a card: container, groups, and every function opened.
struct Owner {
    os::UniqueFd container;
    std::vector<os::UniqueFd> groups;
    std::vector<os::UniqueFd> functions;
};

Owner own(const pci::Address& port) {
    const os::VfioCalls& calls = os::kernel_vfio();
    Owner owner;
    owner.container = os::open_container(calls).value();
    std::map<std::string, std::size_t> groups;
    for (const auto& entry : fs::directory_iterator("/sys/bus/pci/devices/" + port.to_string())) {
        const auto function = pci::Address::parse(entry.path().filename().string());
        if (!function) {
            continue;
        }
        const std::string group = fs::read_symlink(entry.path() / "iommu_group").filename();
        if (groups.emplace(group, owner.groups.size()).second) {
            owner.groups.push_back(os::open_group(calls, group).value());
            os::join_container(calls, owner.groups.back(), owner.container).value();
            if (owner.groups.size() == 1) {
                os::set_iommu(calls, owner.container).value();
            }
        }
        owner.functions.push_back(
            os::open_device(calls, owner.groups[groups[group]], *function).value());
    }
    return owner;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    std::optional<std::string> socket;
    if (words.size() > 1 && words[0] == "--socket") {
        socket = words[1];
        words.erase(words.begin(), words.begin() + 2);
    }
    const bool packaged = fs::exists("/usr/sbin/slotd-exec");
    std::vector<std::string> command{packaged ? "/usr/sbin/slotd-exec" : "/usr/bin/slotd-exec"};
    std::size_t end = 0;
    while (end < words.size() && words[end] != "--") {
        ++end;
    }
    for (std::size_t at = end + 1; at < words.size(); ++at) {
        command.push_back(words[at]);
    }
    std::optional<event::Outcome> answer;
    bool ended = false;
    os::ExecutorClient client(
        [&](event::EffectId, event::Outcome outcome) { answer = std::move(outcome); },
        [&](const std::string&) { ended = true; });
    if (socket ? !client.connect(*socket) : !client.launch(command)) {
        return 1;
    }
    for (std::size_t at = 0; at + 1 < end && !ended; at += 2) {
        const auto port = pci::Address::parse(words[at + 1]);
        const auto effect = port ? effect_of(words[at], *port) : std::nullopt;
        if (!effect) {
            std::fprintf(stderr, "lab-exec: no such effect or port: %s %s\n", words[at].c_str(),
                         words[at + 1].c_str());
            return 2;
        }
        answer.reset();
        const Owner owner = words[at] == "lend-reset" ? own(*port) : Owner{};
        client.lend(at + 1, *effect, owner.groups);
        while (!answer && !ended) {
            pollfd polled{.fd = client.fd(), .events = POLLIN, .revents = 0};
            (void)::poll(&polled, 1, -1);
            client.readable();
        }
        std::puts(answer ? told(*answer).c_str() : "slotd-exec has ended");
        (void)std::fflush(stdout);
    }
    return client.close_and_wait(100s) ? 0 : 1;
}
