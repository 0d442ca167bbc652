"""GUID partition tables: in goes a disk as a file, out comes its Table, or why it has none that can be trusted.

The first copy whose checksums hold counts, the primary before the backup. Source: UEFI specification 2.10, section 5.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, Final

import msgspec

from stoker.system.errors import TableFault

MOST_ENTRIES: Final = 1 << 12  # the specification asks for room for 128; sgdisk makes at most 1024
ENTRIES: Final = 128
ENTRY_SIZES: Final = (128, 256, 512, 1024, 2048, 4096)

_SIGNATURE = b"EFI PART"
_HEADER = struct.Struct("<8s4sII4xQQQQ16sQIII")  # 92 bytes
_ENTRY = struct.Struct("<16s16sQQQ72s")  # 128 bytes
_BOOT_SIGNATURE = b"\x55\xaa"
_PROTECTIVE = 0xEE
_UNUSED = bytes(16)


class Partition(msgspec.Struct, frozen=True):
    """An entry of a table. `start` and `size` are in logical sectors, GUIDs in capital letters."""

    number: int
    start: int
    size: int
    label: str = ""
    guid: str = ""
    type_guid: str = ""

    @property
    def last(self) -> int:
        """The last sector."""
        return self.start + self.size - 1


class Table(msgspec.Struct, frozen=True):
    """A partition table. `sectors` is the size of the disk; partitions lie in `first_usable` to `last_usable`."""

    sector_size: int
    sectors: int
    first_usable: int
    last_usable: int
    partitions: tuple[Partition, ...] = ()
    guid: str = ""
    entries: int = ENTRIES

    def partition(self, number: int) -> Partition | None:
        """The partition of that number."""
        return next((partition for partition in self.partitions if partition.number == number), None)

    @classmethod
    def blank(cls, size: int, sector_size: int) -> Table:
        """The table without partitions that sgdisk(8) makes on a disk of `size` bytes: 128 entries, both copies."""
        sectors = size // sector_size
        room = ENTRIES * _ENTRY.size // sector_size
        return cls(sector_size, sectors, 2 + room, sectors - 2 - room)


def read_table(disk: BinaryIO, size: int, sector_size: int) -> Table | None:
    """Read the table of a disk of `size` bytes; None when there is no sign of one.

    Raises `TableFault` when there is a table that is no GPT, or a GPT without a copy that is whole.
    """
    sectors = size // sector_size
    is_protected = _judge_boot_record(_read(disk, 0, 512))
    faults = []
    for copy, sector in {"primary": 1, "backup": sectors - 1}.items():
        header = _read(disk, sector * sector_size, sector_size)
        if not header.startswith(_SIGNATURE):
            continue
        try:
            return _parse(disk, header, sector, sectors, sector_size)
        except TableFault as fault:
            faults.append(f"{copy}: {fault}")
    if faults or is_protected:
        raise TableFault(f"the GPT is damaged: {'; '.join(faults) or 'neither copy is there'}")
    return None


def _judge_boot_record(record: bytes) -> bool:
    """Whether the first sector protects a GPT; `TableFault` when it holds a table of its own."""
    if record[510:] != _BOOT_SIGNATURE:
        return False
    rows = [record[offset : offset + 16] for offset in range(446, 510, 16)]
    kinds = {row[4] for row in rows if row != _UNUSED}
    if _PROTECTIVE in kinds:
        return True
    # A boot sector of FAT ends like a partition table and has code where the rows would be. A row that is one says
    # 0x00 or 0x80 first (active or not) and has a type and a size.
    plausible = all(row[0] in {0x00, 0x80} for row in rows) and any(row[4] and any(row[12:]) for row in rows)
    if plausible and not any(record[at : at + 3] == b"FAT" for at in (54, 82)):
        raise TableFault("disk does not have a GPT")
    return False


def _parse(disk: BinaryIO, header: bytes, sector: int, sectors: int, sector_size: int) -> Table:
    """Read one copy. Raises `TableFault` where a checksum or a number is wrong."""
    fields = _HEADER.unpack_from(header)
    _, _, length, checksum, own, _, first, last, guid, entries_at, count, entry_size, entries_checksum = fields
    if not _HEADER.size <= length <= sector_size:
        raise TableFault(f"a header of {length} bytes")
    if zlib.crc32(header[:16] + bytes(4) + header[20:length]) != checksum:
        raise TableFault("the checksum of the header does not hold")
    if own != sector:
        raise TableFault(f"the header says it is in sector {own}, and it is in {sector}")
    if not (0 < first <= last + 1 <= sectors):
        raise TableFault(f"sectors {first} to {last} are not all on the disk")
    if count > MOST_ENTRIES or entry_size not in ENTRY_SIZES or entries_at >= sectors:
        raise TableFault(f"{count} entries of {entry_size} bytes at sector {entries_at}")
    entries = _read(disk, entries_at * sector_size, count * entry_size)
    if zlib.crc32(entries) != entries_checksum:
        raise TableFault("the checksum of the entries does not hold")
    found = (_entry(number + 1, entries, number * entry_size) for number in range(count))
    partitions = tuple(partition for partition in found if partition is not None)
    return Table(sector_size, sectors, first, last, partitions, _guid(guid), count)


def _entry(number: int, entries: bytes, offset: int) -> Partition | None:
    type_guid, guid, first, last, _, name = _ENTRY.unpack_from(entries, offset)
    if type_guid == _UNUSED:
        return None
    if last < first:
        raise TableFault(f"partition {number} ends before it begins")
    label = name.decode("utf-16-le", "replace").partition("\0")[0]
    return Partition(number, first, last - first + 1, label, _guid(guid), _guid(type_guid))


def _guid(raw: bytes) -> str:
    """The first three groups are little-endian, the last two are bytes in order (appendix A)."""
    first, second, third = struct.unpack_from("<IHH", raw)
    return f"{first:08X}-{second:04X}-{third:04X}-{raw[8:10].hex()}-{raw[10:].hex()}".upper()


def _read(disk: BinaryIO, offset: int, length: int) -> bytes:
    """Bytes of the disk, or zeros where it ends."""
    if offset < 0:
        return bytes(length)
    disk.seek(offset)
    return disk.read(length).ljust(length, b"\0")
