"""Writes a cpio archive in the kernel's initramfs format ("newc"), the same bytes for the same
content."""

import stat


class Archive:
    """Folders are made as needed, but those that `existing` names: they may be links in an archive
    before this one. Archives may be concatenated: the kernel unpacks one after the other."""

    def __init__(self, existing: tuple[str, ...] = ()) -> None:
        self._bytes = bytearray()
        self._folders: set[str] = set(existing)
        self._inode = 0

    def _entry(
        self, name: str, mode: int, content: bytes, device: tuple[int, int] = (0, 0)
    ) -> None:
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        self._bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self._pad()
        self._bytes += content
        self._pad()

    def _pad(self) -> None:
        self._bytes += bytes(-len(self._bytes) % 4)

    def folder(self, path: str) -> None:
        if path and path not in self._folders:
            self._parent_of(path)
            self._folders.add(path)
            self._entry(path, stat.S_IFDIR | 0o755, b"")

    def _parent_of(self, path: str) -> None:
        self.folder(path.rpartition("/")[0])

    def file(self, path: str, content: bytes, mode: int = 0o755) -> None:
        self._parent_of(path)
        self._entry(path, stat.S_IFREG | mode, content)

    def symlink(self, path: str, target: str) -> None:
        self._parent_of(path)
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path: str, major: int, minor: int) -> None:
        self._parent_of(path)
        self._entry(path, stat.S_IFCHR | 0o600, b"", (major, minor))

    def finished(self) -> bytes:
        self._entry("TRAILER!!!", 0, b"")
        return bytes(self._bytes) + bytes(-len(self._bytes) % 512)
