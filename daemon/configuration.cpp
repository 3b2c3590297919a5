#include "daemon/configuration.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action/record.hpp"
#include "base/result.hpp"
#include "control/message.hpp"
#include "coordinator/phase.hpp"
#include "coordinator/slot.hpp"
#include "daemon/options.hpp"
#include "daemon/settings.hpp"
#include "os/config_drop_ins.hpp"
#include "os/config_file.hpp"
#include "os/event_loop.hpp"
#include "pci/address.hpp"
#include "policy/config.hpp"
#include "policy/config_text.hpp"
#include "policy/config_writing.hpp"
#include "policy/slot_policy.hpp"

namespace slotd::daemon {

using action::Priority;

namespace {

/// A file full of mistakes has one cause, which the first of them show.
constexpr std::size_t kMistakesMax = 100;

std::string status_of(const engine::Engine& engine) {
    return fmt::format("watching {} ports", engine.coordinator().slots().size());
}

/// The history is opened once: its file is in use, and attempts wait for it.
policy::Config without_what_waits(const policy::Config& wanted, const policy::Config& in_force) {
    policy::Config config = wanted;
    config.history = in_force.history;
    return config;
}

}  // namespace

Result<os::LoadedConfig> load_configuration(const Options& options) {
    const bool named = options.check_config.has_value() || options.config.has_value();
    const std::string path = options.check_config ? *options.check_config
                                                  : options.config.value_or(os::kDefaultConfigPath);
    return os::load_config(path, named ? os::IfMissing::Fail : os::IfMissing::UseDefaults,
                           os::drop_in_directories(path));
}

Configuration::Configuration(const Options& options, os::LoadedConfig loaded, Parts parts)
    : options_(options),
      loaded_(std::move(loaded)),
      parts_(parts) {}

void Configuration::say(Priority priority, std::string text) {
    action::Record record;
    record.priority = priority;
    record.kind = action::RecordKind::Configuration;
    record.text = std::move(text);
    parts_.records.write(record);
}

std::vector<std::string> Configuration::refused(const std::string& by,
                                                std::vector<std::string> mistakes) {
    if (mistakes.size() > kMistakesMax) {
        const std::size_t more = mistakes.size() - (kMistakesMax - 1);
        mistakes.resize(kMistakesMax - 1);
        mistakes.push_back(fmt::format("and {} more", more));
    }
    for (const std::string& mistake : mistakes) {
        say(Priority::Error, mistake);
    }
    say(Priority::Error, fmt::format("the configuration was to be read again, by {}: it has "
                                     "mistakes, nothing has changed",
                                     by));
    return mistakes;
}

std::expected<control::ReloadReply, std::vector<std::string>> Configuration::reload(
    const std::string& by) {
    os::notify_reloading();
    auto loaded = load_configuration(options_);
    if (!loaded || !loaded->mistakes.empty()) {
        auto mistakes = refused(by, loaded ? std::move(loaded->mistakes)
                                           : std::vector<std::string>{loaded.error().message()});
        os::notify_ready(status_of(parts_.engine));
        return std::unexpected(std::move(mistakes));
    }
    const policy::Config now = without_what_waits(loaded->config, loaded_.config);
    control::ReloadReply reply;
    reply.changed = policy::config_changes(loaded_.config, now);
    reply.after_restart = policy::config_changes(now, loaded->config);
    reply.text = reply.changed.empty() ? "nothing is different"
                                       : fmt::format("{}", fmt::join(reply.changed, "; "));
    if (!reply.after_restart.empty()) {
        reply.text += fmt::format("; after a restart: {}", fmt::join(reply.after_restart, "; "));
    }
    say(Priority::Notice,
        fmt::format("the configuration has been read again from {} files, by {}: {} changed",
                    loaded->files.size(), by, reply.changed.size()));
    for (const std::string& change : reply.changed) {
        say(Priority::Notice, change);
    }
    for (const std::string& waits : reply.after_restart) {
        say(Priority::Warning, waits + ", takes effect after a restart");
    }
    loaded_ = std::move(*loaded);
    loaded_.config = now;
    parts_.hooks.reconfigure(now.hooks.directory, now.hooks.patience);
    parts_.engine.reconfigure(now.policy, policy::limits_of(now), parts_.loop.now());
    os::notify_ready(status_of(parts_.engine));
    return reply;
}

control::ConfigReply Configuration::reply(const std::optional<pci::Address>& port) const {
    control::ConfigReply reply;
    reply.files = loaded_.files;
    reply.port = port;
    const auto& slots = parts_.engine.coordinator().slots();
    const auto at = port ? slots.find(*port) : slots.end();
    if (at == slots.end()) {
        reply.toml = policy::config_text(loaded_.config, loaded_.origins, loaded_.files);
        return reply;
    }
    const coordinator::Slot& slot = at->second;
    for (const policy::Rule& rule : loaded_.config.policy.rules) {
        if (policy::matches(rule.match, slot.traits)) {
            reply.rules.push_back(rule.name);
        }
    }
    reply.toml = fmt::format("# {}\n", port->to_string());
    for (const std::string& rule : reply.rules) {
        reply.toml += fmt::format("# rule {}\n", policy::values::written(std::string_view(rule)));
    }
    if (slot.next_level) {
        reply.toml += fmt::format("# level \"{}\" as soon as the slot is at rest, now {}\n",
                                  to_text(*slot.next_level), coordinator::name_of(slot.phase));
    }
    reply.toml += policy::slot_policy_text(slot.facts.policy);
    return reply;
}

}  // namespace slotd::daemon
