#include "coordinator/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "action/effect.hpp"
#include "pci/service.hpp"

namespace slotd::coordinator {

std::string Gate::to_string() const {
    switch (kind) {
        case GateKind::Fence:
            return "fence of " + port.to_string();
        case GateKind::HotplugMask:
            return "hot-plug notification of " + port.to_string();
        case GateKind::Service:
            return fmt::format("{} of {}", pci::driver_name(service), port.to_string());
        case GateKind::Vfs:
            return "VFs below " + port.to_string();
    }
    return "unknown";
}

std::optional<Gate> closed_by(const action::Effect& effect) {
    if (const auto* raise = std::get_if<action::RaiseFence>(&effect)) {
        return Gate{.kind = GateKind::Fence, .port = raise->port};
    }
    if (const auto* mask = std::get_if<action::MaskHotplug>(&effect)) {
        return Gate{.kind = GateKind::HotplugMask, .port = mask->port};
    }
    if (const auto* unbind = std::get_if<action::UnbindService>(&effect)) {
        return Gate{GateKind::Service, unbind->port, unbind->service};
    }
    if (const auto* note = std::get_if<action::NoteVfs>(&effect)) {
        return Gate{.kind = GateKind::Vfs, .port = note->port};
    }
    return std::nullopt;
}

std::optional<Gate> opened_by(const action::Effect& effect) {
    if (const auto* lower = std::get_if<action::LowerFence>(&effect)) {
        return Gate{.kind = GateKind::Fence, .port = lower->port};
    }
    if (const auto* unmask = std::get_if<action::UnmaskHotplug>(&effect)) {
        return Gate{.kind = GateKind::HotplugMask, .port = unmask->port};
    }
    if (const auto* bind = std::get_if<action::BindService>(&effect)) {
        return Gate{GateKind::Service, bind->port, bind->service};
    }
    if (const auto* restore = std::get_if<action::RestoreVfs>(&effect)) {
        return Gate{.kind = GateKind::Vfs, .port = restore->port};
    }
    return std::nullopt;
}

bool GateSet::contains(const Gate& gate) const {
    return std::ranges::binary_search(gates_, gate);
}

bool GateSet::contains_service(const pci::Address& port, pci::Service service) const {
    return contains(Gate{GateKind::Service, port, service});
}

void GateSet::close(const Gate& gate) {
    const auto at = std::ranges::lower_bound(gates_, gate);
    if (at == gates_.end() || *at != gate) {
        gates_.insert(at, gate);
    }
}

void GateSet::open(const Gate& gate) {
    std::erase(gates_, gate);
}

}  // namespace slotd::coordinator
