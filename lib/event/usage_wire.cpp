#include "event/usage_wire.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "event/usage.hpp"
#include "pci/address_wire.hpp"

namespace slotd::event {

namespace {

using Bounds = UsageBounds;

// Each type's form, once for writing and once for reading.

void put(ByteWriter& out, const std::string& text, std::size_t bytes_max) {
    out.text(std::string_view(text).substr(0, bytes_max));
}

void put(ByteWriter& out, const MountSeen& mount) {
    put(out, mount.device, Bounds::kNameBytes);
    put(out, mount.point, Bounds::kPathBytes);
}

MountSeen take_mount(ByteReader& in) {
    MountSeen mount;
    mount.device = in.text(Bounds::kNameBytes);
    mount.point = in.text(Bounds::kPathBytes);
    return mount;
}

void put(ByteWriter& out, const NetworkUse& interface) {
    put(out, interface.name, Bounds::kNameBytes);
    out.boolean(interface.up);
    out.boolean(interface.carrier);
    out.boolean(interface.default_route);
    put(out, interface.member_of, Bounds::kNameBytes);
}

NetworkUse take_network(ByteReader& in) {
    NetworkUse interface;
    interface.name = in.text(Bounds::kNameBytes);
    interface.up = in.boolean();
    interface.carrier = in.boolean();
    interface.default_route = in.boolean();
    interface.member_of = in.text(Bounds::kNameBytes);
    return interface;
}

void put(ByteWriter& out, const VfSeen& vf) {
    pci::put_address(out, vf.address);
    put(out, vf.driver, Bounds::kNameBytes);
}

VfSeen take_vf(ByteReader& in) {
    VfSeen vf;
    vf.address = pci::take_address(in);
    vf.driver = in.text(Bounds::kNameBytes);
    return vf;
}

void put(ByteWriter& out, const ProcessUse& process) {
    out.number(static_cast<std::uint32_t>(process.pid));
    put(out, process.command, Bounds::kNameBytes);
    put(out, process.unit, Bounds::kPathBytes);
    put(out, process.node, Bounds::kPathBytes);
    pci::put_address(out, process.function);
}

ProcessUse take_process(ByteReader& in) {
    ProcessUse process;
    process.pid = static_cast<std::int32_t>(in.number<std::uint32_t>());
    process.command = in.text(Bounds::kNameBytes);
    process.unit = in.text(Bounds::kPathBytes);
    process.node = in.text(Bounds::kPathBytes);
    process.function = pci::take_address(in);
    return process;
}

template <class T, class Put>
void put_list(ByteWriter& out, const std::vector<T>& list, Put put_one) {
    out.number(static_cast<std::uint16_t>(list.size()));
    for (const T& one : list) {
        put_one(one);
    }
}

/// A false count costs no more than what the datagram has: the reader fails at its end.
template <class Take>
auto take_list(ByteReader& in, Take take_one, std::size_t count_max = Bounds::kEntries) {
    std::vector<decltype(take_one())> list;
    const auto count = in.number<std::uint16_t>();
    if (count > count_max) {
        in.fail();
    }
    for (std::size_t index = 0; index < count && in.ok(); ++index) {
        list.push_back(take_one());
    }
    return list;
}

void put_texts(ByteWriter& out, const std::vector<std::string>& texts, std::size_t bytes_max) {
    put_list(out, texts, [&](const std::string& one) { put(out, one, bytes_max); });
}

std::vector<std::string> take_texts(ByteReader& in, std::size_t bytes_max) {
    return take_list(in, [&] { return in.text(bytes_max); });
}

void put(ByteWriter& out, const BlockUse& disk) {
    put(out, disk.name, Bounds::kNameBytes);
    out.number(disk.in_flight);
    put_texts(out, disk.holders, Bounds::kHolderBytes);
    put_list(out, disk.mounts, [&](const MountSeen& one) { put(out, one); });
    put_texts(out, disk.swaps, Bounds::kNameBytes);
}

BlockUse take_block(ByteReader& in) {
    BlockUse disk;
    disk.name = in.text(Bounds::kNameBytes);
    disk.in_flight = in.number<std::uint32_t>();
    disk.holders = take_texts(in, Bounds::kHolderBytes);
    disk.mounts = take_list(in, [&] { return take_mount(in); });
    disk.swaps = take_texts(in, Bounds::kNameBytes);
    return disk;
}

void put(ByteWriter& out, const FunctionUse& function) {
    pci::put_address(out, function.address);
    put(out, function.driver, Bounds::kNameBytes);
    put_list(out, function.blocks, [&](const BlockUse& one) { put(out, one); });
    put_list(out, function.networks, [&](const NetworkUse& one) { put(out, one); });
    put_list(out, function.vfs, [&](const VfSeen& one) { put(out, one); });
    out.boolean(function.vfio_group.has_value());
    out.number(function.vfio_group.value_or(0));
    out.boolean(function.vfio_open);
}

FunctionUse take_function(ByteReader& in) {
    FunctionUse function;
    function.address = pci::take_address(in);
    function.driver = in.text(Bounds::kNameBytes);
    function.blocks = take_list(in, [&] { return take_block(in); });
    function.networks = take_list(in, [&] { return take_network(in); });
    function.vfs = take_list(in, [&] { return take_vf(in); });
    const bool has_group = in.boolean();
    const auto group = in.number<std::uint32_t>();
    if (!has_group && group != 0) {
        in.fail();
    }
    function.vfio_group = has_group ? std::optional(group) : std::nullopt;
    function.vfio_open = in.boolean();
    return function;
}

void put_fitted(ByteWriter& out, const Usage& usage) {
    pci::put_address(out, usage.port);
    put_list(out, usage.functions, [&](const FunctionUse& one) { put(out, one); });
    put_list(out, usage.processes, [&](const ProcessUse& one) { put(out, one); });
    out.number(usage.left_out);
    put_texts(out, usage.unreadable, Bounds::kPathBytes);
}

/// How many bytes an entry takes.
template <class... T>
std::size_t bytes_of(const T&... entry) {
    ByteWriter out(Bounds::kBytes);
    put(out, entry...);
    return out.take().size();
}

/// Copies entries for as long as there is room for them, and counts the others.
class Fitter {
public:
    explicit Fitter(std::uint32_t left_out) : left_out_(left_out) {}

    template <class T>
    bool admit(std::vector<T>& list, T entry, std::size_t bytes, std::size_t count_max) {
        if (list.size() >= count_max || bytes > room_) {
            leave_out(1);
            return false;
        }
        room_ -= bytes;
        list.push_back(std::move(entry));
        return true;
    }

    template <class T>
    void admit_all(std::vector<T>& list, const std::vector<T>& entries) {
        for (const T& entry : entries) {
            (void)admit(list, entry, bytes_of(entry), Bounds::kEntries);
        }
    }

    void admit_texts(std::vector<std::string>& list, const std::vector<std::string>& texts,
                     std::size_t bytes_max) {
        for (const std::string& text : texts) {
            (void)admit(list, text.substr(0, bytes_max), bytes_of(text, bytes_max),
                        Bounds::kEntries);
        }
    }

    void admit_blocks(std::vector<BlockUse>& list, const std::vector<BlockUse>& disks) {
        for (const BlockUse& disk : disks) {
            BlockUse bare;
            bare.name = disk.name;
            bare.in_flight = disk.in_flight;
            if (!admit(list, bare, bytes_of(bare), Bounds::kEntries)) {
                leave_out(disk.holders.size() + disk.mounts.size() + disk.swaps.size());
                continue;
            }
            admit_all(list.back().mounts, disk.mounts);
            admit_texts(list.back().swaps, disk.swaps, Bounds::kNameBytes);
            admit_texts(list.back().holders, disk.holders, Bounds::kHolderBytes);
        }
    }

    void leave_out(std::size_t count) {
        left_out_ = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(std::uint64_t{left_out_} + count, 0xffffffff));
    }

    std::uint32_t left_out() const { return left_out_; }

private:
    // Port, left_out and the counts of the three lists.
    std::size_t room_ = Bounds::kBytes - 32;
    std::uint32_t left_out_;
};

void cut(std::string& text, std::size_t bytes_max) {
    text.resize(std::min(text.size(), bytes_max));
}

/// Texts cut to their bounds, so that fitted() shows what arrives.
void cut_texts(Usage& usage) {
    for (FunctionUse& function : usage.functions) {
        cut(function.driver, Bounds::kNameBytes);
        for (BlockUse& disk : function.blocks) {
            cut(disk.name, Bounds::kNameBytes);
            for (MountSeen& mount : disk.mounts) {
                cut(mount.device, Bounds::kNameBytes);
                cut(mount.point, Bounds::kPathBytes);
            }
        }
        for (NetworkUse& interface : function.networks) {
            cut(interface.name, Bounds::kNameBytes);
            cut(interface.member_of, Bounds::kNameBytes);
        }
        for (VfSeen& vf : function.vfs) {
            cut(vf.driver, Bounds::kNameBytes);
        }
    }
    for (ProcessUse& process : usage.processes) {
        cut(process.command, Bounds::kNameBytes);
        cut(process.unit, Bounds::kPathBytes);
        cut(process.node, Bounds::kPathBytes);
    }
}

std::size_t entries_of(const FunctionUse& function) {
    std::size_t entries = function.networks.size() + function.vfs.size();
    for (const BlockUse& disk : function.blocks) {
        entries += 1 + disk.holders.size() + disk.mounts.size() + disk.swaps.size();
    }
    return entries;
}

}  // namespace

Usage fitted(const Usage& usage) {
    Usage part;
    part.port = usage.port;
    Fitter fitter(usage.left_out);
    std::vector<const FunctionUse*> admitted;
    for (const FunctionUse& function : usage.functions) {
        FunctionUse bare;
        bare.address = function.address;
        bare.driver = function.driver;
        bare.vfio_group = function.vfio_group;
        bare.vfio_open = function.vfio_open;
        if (fitter.admit(part.functions, bare, bytes_of(bare), Bounds::kFunctions)) {
            admitted.push_back(&function);
        } else {
            fitter.leave_out(entries_of(function));
        }
    }
    fitter.admit_texts(part.unreadable, usage.unreadable, Bounds::kPathBytes);
    for (std::size_t index = 0; index < admitted.size(); ++index) {
        FunctionUse& function = part.functions[index];
        fitter.admit_blocks(function.blocks, admitted[index]->blocks);
        fitter.admit_all(function.networks, admitted[index]->networks);
        fitter.admit_all(function.vfs, admitted[index]->vfs);
    }
    fitter.admit_all(part.processes, usage.processes);
    part.left_out = fitter.left_out();
    cut_texts(part);
    return part;
}

void put_usage(ByteWriter& out, const Usage& usage) {
    put_fitted(out, fitted(usage));
}

Usage take_usage(ByteReader& in) {
    Usage usage;
    usage.port = pci::take_address(in);
    usage.functions = take_list(
        in, [&] { return take_function(in); }, Bounds::kFunctions);
    usage.processes = take_list(in, [&] { return take_process(in); });
    usage.left_out = in.number<std::uint32_t>();
    usage.unreadable = take_texts(in, Bounds::kPathBytes);
    // What is bigger than all bounds together would have been left out.
    if (in.ok() && fitted(usage) != usage) {
        in.fail();
    }
    return usage;
}

}  // namespace slotd::event
