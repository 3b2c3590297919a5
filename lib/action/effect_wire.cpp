#include "action/effect_wire.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "action/effect.hpp"
#include "base/bytes.hpp"
#include "base/overloaded.hpp"
#include "base/result.hpp"
#include "pci/address.hpp"
#include "pci/address_wire.hpp"
#include "pci/service.hpp"

namespace slotd::action {

namespace {

constexpr std::uint16_t kMagic = 0x4553;  // "SE"
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kRequestBytes = 28;

/// Numbers of the protocol: never changed, never given again.
enum class Kind : std::uint8_t {
    RaiseFence = 1,
    LowerFence = 2,
    MaskHotplug = 3,
    UnmaskHotplug = 4,
    UnbindService = 5,
    BindService = 6,
    ResetFunction = 7,
    SetSlotPower = 8,
    RemoveFunction = 9,
    RescanBelow = 10,
    ObserveSlot = 11,
    SurveyUse = 12,
    NoteVfs = 13,
    RestoreVfs = 14,
    ResetByVfio = 15,
    ResetByLentFds = 16,
    AskHooks = 17,
};

struct KindAndDetail {
    Kind kind;
    std::uint8_t detail;
};

KindAndDetail kind_and_detail(const Effect& effect) {
    return std::visit(
        Overloaded{
            [](const RaiseFence&) {
                return KindAndDetail{Kind::RaiseFence, 0};
            },
            [](const LowerFence&) {
                return KindAndDetail{Kind::LowerFence, 0};
            },
            [](const MaskHotplug&) {
                return KindAndDetail{Kind::MaskHotplug, 0};
            },
            [](const UnmaskHotplug& one) {
                return KindAndDetail{Kind::UnmaskHotplug, std::to_underlying(one.latched)};
            },
            [](const UnbindService& one) {
                return KindAndDetail{Kind::UnbindService, std::to_underlying(one.service)};
            },
            [](const BindService& one) {
                return KindAndDetail{Kind::BindService, std::to_underlying(one.service)};
            },
            [](const ResetFunction& one) {
                return KindAndDetail{Kind::ResetFunction, std::to_underlying(one.method)};
            },
            [](const SetSlotPower& one) {
                return KindAndDetail{Kind::SetSlotPower, static_cast<std::uint8_t>(one.on ? 1 : 0)};
            },
            [](const RemoveFunction&) {
                return KindAndDetail{Kind::RemoveFunction, 0};
            },
            [](const RescanBelow&) {
                return KindAndDetail{Kind::RescanBelow, 0};
            },
            [](const ObserveSlot&) {
                return KindAndDetail{Kind::ObserveSlot, 0};
            },
            [](const SurveyUse&) {
                return KindAndDetail{Kind::SurveyUse, 0};
            },
            [](const AskHooks&) {
                return KindAndDetail{Kind::AskHooks, 0};
            },
            [](const NoteVfs&) {
                return KindAndDetail{Kind::NoteVfs, 0};
            },
            [](const RestoreVfs&) {
                return KindAndDetail{Kind::RestoreVfs, 0};
            },
            [](const ResetByVfio&) {
                return KindAndDetail{Kind::ResetByVfio, 0};
            },
            [](const ResetByLentFds&) {
                return KindAndDetail{Kind::ResetByLentFds, 0};
            },
        },
        effect);
}

/// Only what slotd may ever close: pme and bwctrl are not among them.
std::optional<pci::Service> gate_service(std::uint8_t number) {
    const std::optional<pci::Service> service = pci::service_from_number(number);
    return service ? pci::service_from_name(pci::driver_name(*service)) : std::nullopt;
}

std::optional<Effect> effect_of(std::uint8_t kind, const pci::Address& subject,
                                std::uint8_t detail) {
    // A detail that is not one of the enumerators must not become an enumerator.
    switch (static_cast<Kind>(kind)) {
        case Kind::UnmaskHotplug:
            return detail > 1 ? std::nullopt
                              : std::optional<Effect>(
                                    UnmaskHotplug{subject, static_cast<Latched>(detail)});
        case Kind::UnbindService: {
            const auto service = gate_service(detail);
            return service ? std::optional<Effect>(UnbindService{subject, *service}) : std::nullopt;
        }
        case Kind::BindService: {
            const auto service = gate_service(detail);
            return service ? std::optional<Effect>(BindService{subject, *service}) : std::nullopt;
        }
        case Kind::ResetFunction:
            return detail > 1 ? std::nullopt
                              : std::optional<Effect>(
                                    ResetFunction{subject, static_cast<KernelReset>(detail)});
        case Kind::SetSlotPower:
            return detail > 1 ? std::nullopt
                              : std::optional<Effect>(SetSlotPower{subject, detail == 1});
        case Kind::RaiseFence:
            return detail != 0 ? std::nullopt : std::optional<Effect>(RaiseFence{subject});
        case Kind::LowerFence:
            return detail != 0 ? std::nullopt : std::optional<Effect>(LowerFence{subject});
        case Kind::MaskHotplug:
            return detail != 0 ? std::nullopt : std::optional<Effect>(MaskHotplug{subject});
        case Kind::RemoveFunction:
            return detail != 0 ? std::nullopt : std::optional<Effect>(RemoveFunction{subject});
        case Kind::RescanBelow:
            return detail != 0 ? std::nullopt : std::optional<Effect>(RescanBelow{subject});
        case Kind::ObserveSlot:
            return detail != 0 ? std::nullopt : std::optional<Effect>(ObserveSlot{subject});
        case Kind::SurveyUse:
            return detail != 0 ? std::nullopt : std::optional<Effect>(SurveyUse{subject});
        case Kind::AskHooks:
            return detail != 0 ? std::nullopt : std::optional<Effect>(AskHooks{subject});
        case Kind::NoteVfs:
            return detail != 0 ? std::nullopt : std::optional<Effect>(NoteVfs{subject});
        case Kind::RestoreVfs:
            return detail != 0 ? std::nullopt : std::optional<Effect>(RestoreVfs{subject});
        case Kind::ResetByVfio:
            return detail != 0 ? std::nullopt : std::optional<Effect>(ResetByVfio{subject});
        case Kind::ResetByLentFds:
            return detail != 0 ? std::nullopt : std::optional<Effect>(ResetByLentFds{subject, 0});
    }
    return std::nullopt;
}

}  // namespace

Bytes encode(const EffectRequest& request) {
    const KindAndDetail what = kind_and_detail(request.effect);
    ByteWriter out(kRequestBytes);
    out.number(kMagic);
    out.number(kVersion);
    out.number(std::to_underlying(what.kind));
    out.number(request.id);
    pci::put_address(out, subject(request.effect));
    out.number(what.detail);
    if (const auto* const lent = std::get_if<ResetByLentFds>(&request.effect)) {
        out.number(lent->request);
    }
    return out.take();
}

Result<EffectRequest> decode_effect_request(std::span<const std::uint8_t> datagram) {
    ByteReader in(datagram);
    const auto magic = in.number<std::uint16_t>();
    const auto version = in.number<std::uint8_t>();
    const auto kind = in.number<std::uint8_t>();
    const auto id = in.number<std::uint64_t>();
    const pci::Address address = pci::take_address(in);
    const auto detail = in.number<std::uint8_t>();
    const bool has_loan = kind == std::to_underlying(Kind::ResetByLentFds);
    const auto loan = has_loan ? in.number<std::uint64_t>() : std::uint64_t{0};
    if (!in.finished() || magic != kMagic || id == 0) {
        return failure(ErrorKind::Malformed, "read a request");
    }
    if (version != kVersion) {
        return failure(ErrorKind::Unsupported, "read a request of another protocol version");
    }
    std::optional<Effect> effect = effect_of(kind, address, detail);
    if (!effect) {
        return failure(ErrorKind::Malformed, "find the effect that a request names");
    }
    if (auto* const lent = std::get_if<ResetByLentFds>(&*effect)) {
        lent->request = loan;
    }
    return EffectRequest{id, *effect};
}

std::optional<std::uint64_t> id_of_effect_request(std::span<const std::uint8_t> datagram) {
    ByteReader in(datagram);
    const auto magic = in.number<std::uint16_t>();
    (void)in.number<std::uint8_t>();  // any version has its id at the same place
    (void)in.number<std::uint8_t>();  // whatever the kind is, it is refused
    const auto id = in.number<std::uint64_t>();
    return in.ok() && magic == kMagic && id != 0 ? std::optional(id) : std::nullopt;
}

}  // namespace slotd::action
