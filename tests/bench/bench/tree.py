"""A tree of files in place of /sys with as many PCIe ports as wanted: what slotd, slotd-exec and lspci read of it.

A block is one Root Port, below it a switch with fifteen Downstream Ports, and below those cards of four or
five functions: 16 ports, and 64 functions below links. Eight blocks fill a domain.
"""

import os
import pathlib
import selectors
import struct
import threading

PORTS_OF_BLOCK = 16
FUNCTIONS_OF_BLOCK = 64  # below links: the switch's Upstream Port and 63 of cards
_BLOCKS_OF_DOMAIN = 8
_BUSES_OF_BLOCK = 17
_PCIE_AT = 0x50
_AER_AT = 0x100

ROOT_PORT, UPSTREAM, DOWNSTREAM, ENDPOINT = 0x0142, 0x0052, 0x0162, 0x0002


def _config(kind: int, buses: tuple[int, int, int] = (0, 0, 0), slot: int = 0) -> bytes:
    """Header, power management, PCI Express and AER capabilities; everything on, a card there, link up."""
    space = bytearray(4096)
    put = lambda form, at, value: struct.pack_into(form, space, at, value)
    bridge = kind != ENDPOINT
    put("<I", 0x00, 0x10D38086)
    put("<I", 0x04, 0x00100546)
    put("<I", 0x08, 0x06040001 if bridge else 0x02000002)
    put("<H", 0x0E, 1 if bridge else 0)
    put("<H", 0x34, 0x40)
    put("<H", 0x40, 0x5001)
    put("<H", _PCIE_AT, 0x0010)
    put("<H", _PCIE_AT + 2, kind)
    put("<H", _PCIE_AT + 8, 0x283F)
    put("<I", _AER_AT, 0x00020001)
    if bridge:
        space[0x18:0x1B] = bytes(buses)
        put("<H", 0x3E, 0x0002)
    else:
        put("<I", 0x2C, 0xA01F8086)
    if kind in (ROOT_PORT, DOWNSTREAM):
        put("<I", _PCIE_AT + 0x0C, 0x00100043)
        put("<H", _PCIE_AT + 0x12, 0x2043)
        put("<I", _PCIE_AT + 0x14, 0x40 | slot << 19)
        put("<H", _PCIE_AT + 0x18, 0x1128)
        put("<H", _PCIE_AT + 0x1A, 0x0040)
    return bytes(space)


_RESOURCE = b"0x0000000000000000 0x0000000000000000 0x0000000000000000\n" * 13
_COMMON = {
    "vendor": b"0x8086\n",
    "device": b"0x10d3\n",
    "subsystem_vendor": b"0x8086\n",
    "subsystem_device": b"0xa01f\n",
    "irq": b"24\n",
    "resource": _RESOURCE,
    "reset": b"",
    "remove": b"",
}


def _modalias(bridge: bool) -> bytes:
    """As the kernel prints it: a bridge without a subsystem has zeros there."""
    subsystem = b"sv00000000sd00000000" if bridge else b"sv00008086sd0000A01F"
    return b"pci:v00008086d000010D3" + subsystem + (b"bc06sc04i00\n" if bridge else b"bc02sc00i00\n")


def _write(path: str, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(file, content)
    os.close(file)


class Tree:
    """Written at once into `root`, a directory that is not there yet; `ports` a multiple of 16."""

    def __init__(self, root: pathlib.Path, ports: int):
        self.root = str(root)
        self.ports: list[str] = []  # addresses, a Root Port before the ports below it
        self.card_of: dict[str, str] = {}  # function 0 below a Downstream Port
        self.path_of: dict[str, str] = {}  # below devices/, of ports and function 0 of cards
        self.functions = 0  # all of them, ports too
        for folder in ("bus/pci/devices", "bus/pci/slots", "bus/pci_express/devices"):
            os.makedirs(f"{self.root}/{folder}")
        # One file with many names: a file of its own for each would be a gigabyte at 4,096 ports.
        os.makedirs(f"{self.root}/common")
        for name, content in _COMMON.items():
            _write(f"{self.root}/common/{name}", content)
        for driver in ("aer", "pciehp"):
            folder = f"{self.root}/bus/pci_express/drivers/{driver}"
            os.makedirs(folder)
            for name in ("bind", "unbind"):
                os.mkfifo(f"{folder}/{name}")
        for block in range(ports // PORTS_OF_BLOCK):
            self._block(block)

    def _function(self, path: str, config: bytes, bridge: bool) -> None:
        folder = f"{self.root}/devices/{path}"
        os.makedirs(folder)
        for name in _COMMON:
            # A bridge has its subsystem in a capability, and here in none.
            if not (bridge and name.startswith("subsystem_")):
                os.link(f"{self.root}/common/{name}", f"{folder}/{name}")
        _write(f"{folder}/config", config)
        _write(f"{folder}/class", b"0x060400\n" if bridge else b"0x020000\n")
        _write(f"{folder}/modalias", _modalias(bridge))
        _write(f"{folder}/revision", b"0x01\n" if bridge else b"0x02\n")
        _write(f"{folder}/reset_method", b"bus\n" if bridge else b"flr bus\n")
        driver = "pcieport" if bridge else "e1000e"
        os.symlink(f"../../../bus/pci/drivers/{driver}", f"{folder}/driver")
        name = path.rsplit("/", 1)[1]
        os.symlink(f"../../../devices/{path}", f"{self.root}/bus/pci/devices/{name}")
        self.functions += 1

    def _bridge(self, path: str, kind: int, buses: tuple[int, int, int], slot: int = 0) -> None:
        self._function(path, _config(kind, buses, slot), True)
        folder = f"{self.root}/devices/{path}"
        name = path.rsplit("/", 1)[1]
        domain = name[:4]
        os.makedirs(f"{folder}/power")
        _write(f"{folder}/power/runtime_status", b"active\n")
        _write(f"{folder}/max_link_width", b"4\n")
        _write(f"{folder}/secondary_bus_number", b"%d\n" % buses[1])
        _write(f"{folder}/subordinate_bus_number", b"%d\n" % buses[2])
        os.makedirs(f"{folder}/pci_bus/{domain}:{buses[1]:02x}")
        _write(f"{folder}/pci_bus/{domain}:{buses[1]:02x}/rescan", b"")
        if kind == UPSTREAM:
            return
        self.ports.append(name)
        self.path_of[name] = path
        self._service(path, "pcie004", "pciehp")
        if kind == ROOT_PORT:
            self._service(path, "pcie002", "aer")
        folder = f"{self.root}/bus/pci/slots/{slot}"
        os.makedirs(folder)
        _write(f"{folder}/address", b"%s:%02x:00\n" % (domain.encode(), buses[1]))
        _write(f"{folder}/power", b"1\n")

    def _service(self, path: str, suffix: str, driver: str) -> None:
        name = path.rsplit("/", 1)[1] + ":" + suffix
        folder = f"{self.root}/devices/{path}/{name}"
        os.makedirs(folder)
        os.symlink(f"../../../../bus/pci_express/drivers/{driver}", f"{folder}/driver")
        os.symlink(f"../../../devices/{path}/{name}", f"{self.root}/bus/pci_express/devices/{name}")

    def _block(self, block: int) -> None:
        domain = f"{block // _BLOCKS_OF_DOMAIN:04x}"
        at = block % _BLOCKS_OF_DOMAIN
        first = 1 + at * _BUSES_OF_BLOCK
        last = first + _BUSES_OF_BLOCK - 1
        slot = 1 + block * PORTS_OF_BLOCK
        root = f"pci{domain}:00/{domain}:00:{at:02x}.0"
        self._bridge(root, ROOT_PORT, (0, first, last), slot)
        upstream = f"{root}/{domain}:{first:02x}:00.0"
        self._bridge(upstream, UPSTREAM, (first, first + 1, last))
        for port in range(PORTS_OF_BLOCK - 1):
            bus = first + 2 + port
            downstream = f"{upstream}/{domain}:{first + 1:02x}:{port:02x}.0"
            self._bridge(downstream, DOWNSTREAM, (first + 1, bus, bus), slot + 1 + port)
            for function in range(5 if port < 3 else 4):
                name = f"{domain}:{bus:02x}:00.{function}"
                self._function(f"{downstream}/{name}", _config(ENDPOINT), False)
                if function == 0:
                    above = self.ports[-1]
                    self.card_of[above] = name
                    self.path_of[name] = f"{downstream}/{name}"


class DriverCore:
    """The kernel behind `bind` and `unbind` of a tree's port services, while it is entered."""

    def __init__(self, tree: Tree):
        self._root = tree.root
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "DriverCore":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stopper, b"x")
        self._thread.join()

    def _serve(self) -> None:
        polled = selectors.DefaultSelector()
        polled.register(self._stop, selectors.EVENT_READ)
        for driver in ("aer", "pciehp"):
            for name in ("bind", "unbind"):
                # Read and write: the FIFO always has both ends, so nobody who opens it waits.
                fifo = os.open(f"{self._root}/bus/pci_express/drivers/{driver}/{name}", os.O_RDWR)
                polled.register(fifo, selectors.EVENT_READ, (driver, name))
        while True:
            for key, _ in polled.select():
                if key.fd == self._stop:
                    return
                for device in os.read(key.fd, 65536).decode().split():
                    self._move(*key.data, device)

    def _move(self, driver: str, name: str, device: str) -> None:
        link = f"{self._root}/bus/pci_express/devices/{device}/driver"
        if name == "bind" and not os.path.islink(link):
            os.symlink(f"../../../../bus/pci_express/drivers/{driver}", link)
        elif name == "unbind" and os.path.islink(link):
            os.unlink(link)
