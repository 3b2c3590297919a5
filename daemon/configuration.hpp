#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "action/record.hpp"
#include "base/result.hpp"
#include "control/message.hpp"
#include "daemon/hooks.hpp"
#include "daemon/options.hpp"
#include "engine/engine.hpp"
#include "engine/ports.hpp"
#include "os/config_file.hpp"
#include "os/event_loop.hpp"
#include "pci/address.hpp"
#include "policy/config.hpp"

namespace slotd::daemon {

/// The files that these options name, with their drop-ins, read and checked.
Result<os::LoadedConfig> load_configuration(const Options& options);

/// What is in force while slotd runs, and how another configuration comes to be: the same files,
/// read again. The parts outlive it.
class Configuration {
public:
    struct Parts {
        engine::Engine& engine;
        Hooks& hooks;
        engine::RecordSink& records;
        const os::EventLoop& loop;
    };

    /// `loaded` is what the parts were made with, and has no mistakes.
    Configuration(const Options& options, os::LoadedConfig loaded, Parts parts);

    const policy::Config& in_force() const { return loaded_.config; }

    /// All mistakes of the files, and then nothing has changed. Reads them in the caller's thread.
    /// Tells the journal and the service manager. `by`: who wants it, for the journal.
    std::expected<control::ReloadReply, std::vector<std::string>> reload(const std::string& by);

    /// `port`: of a slot that there is.
    control::ConfigReply reply(const std::optional<pci::Address>& port) const;

private:
    void say(action::Priority priority, std::string text);
    std::vector<std::string> refused(const std::string& by, std::vector<std::string> mistakes);

    const Options& options_;
    os::LoadedConfig loaded_;
    Parts parts_;
};

}  // namespace slotd::daemon
