"""Reading partition tables: as sfdisk and sgdisk wrote them, with either copy damaged, and what is no GPT."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoker.system import Partition, Table, TableFault
from stoker.system.gpt import read_table

SIZE = 64 << 20
SECTORS = SIZE // 512
PATH = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}


def needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if not shutil.which(tool, path=PATH["PATH"])]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def run(*arguments: str | Path, given: str = "") -> str:
    done = subprocess.run(arguments, input=given, capture_output=True, text=True, check=True, env=PATH)
    return done.stdout


@contextmanager
def image(size: int = SIZE) -> Iterator[Path]:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "disk"
        with path.open("wb") as file:
            file.truncate(size)
        yield path


def read(path: Path, sector_size: int = 512) -> Table | None:
    with path.open("rb") as file:
        return read_table(file, path.stat().st_size, sector_size)


def damage(path: Path, offset: int, data: bytes = b"") -> None:
    """Write bytes, or else turn the one that is there, which may have any value."""
    with path.open("r+b") as file:
        file.seek(offset)
        turned = bytes([file.read(1)[0] ^ 0xFF])
        file.seek(offset)
        file.write(data or turned)


labels = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters='"\\,'), max_size=18)
rows = st.lists(st.tuples(st.integers(1, 20), labels), max_size=6)


@needs("sfdisk")
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(rows, st.permutations(range(1, 9)))
def test_a_table_is_read_as_sfdisk_wrote_it(rows: list[tuple[int, str]], numbers: list[int]) -> None:
    script = "label: gpt\n"
    start = 2048
    for number, (mebibytes, label) in zip(numbers, rows, strict=False):
        size = min(mebibytes * 2048, 16000)
        script += f'{number} : start={start}, size={size}, name="{label}"\n'
        start += size
    with image() as path:
        run("sfdisk", "--quiet", "--no-reread", path, given=script)
        said = json.loads(run("sfdisk", "--json", path))["partitiontable"]
        table = read(path)
        assert table is not None
        assert (table.first_usable, table.last_usable) == (said["firstlba"], said["lastlba"])
        assert table.guid == said["id"]
        assert [*table.partitions] == [
            Partition(
                int(row["node"].removeprefix(str(path)).removeprefix("p")),
                row["start"],
                row["size"],
                row.get("name", ""),
                row["uuid"],
                row["type"],
            )
            for row in sorted(said.get("partitions", ()), key=lambda row: int(row["node"].rpartition("disk")[2]))
        ]
        damage(path, 512 + 60)  # the primary header
        assert read(path) == table
        damage(path, SIZE - 512 + 60)  # and its backup
        with pytest.raises(TableFault, match="the GPT is damaged: primary: the checksum of the header does not hold"):
            read(path)


@needs("sgdisk")
def test_a_blank_table_is_the_one_that_sgdisk_makes() -> None:
    with image() as path:
        run("sgdisk", "--clear", path)
        table = read(path)
        assert table is not None
        blank = Table.blank(SIZE, 512)
        assert (table.first_usable, table.last_usable) == (blank.first_usable, blank.last_usable) == (34, SECTORS - 34)
        damage(path, 1024, b"x")  # an entry of the primary copy
        assert read(path) == table


@needs("sfdisk", "losetup")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes loop devices")
def test_a_table_on_large_sectors() -> None:
    with image() as path:
        loop = run("losetup", "--find", "--show", "--sector-size", "4096", path).strip()
        try:
            run("sgdisk", "--new=1:0:+1024", "--change-name=1:big", loop)
        finally:
            run("losetup", "--detach", loop)
        table = read(path, 4096)
        assert table is not None
        blank = Table.blank(SIZE, 4096)
        assert (table.first_usable, table.last_usable) == (blank.first_usable, blank.last_usable) == (6, 16384 - 6)
        assert [(row.number, row.start, row.size, row.label) for row in table.partitions] == [(1, 256, 1024, "big")]


BOOT = b"\x55\xaa"
ACTIVE = b"\x80" + bytes(3) + b"\x83" + bytes(3) + (2048).to_bytes(4, "little") * 2
PROTECTIVE = b"\x00" + bytes(3) + b"\xee" + bytes(3) + (1).to_bytes(4, "little") * 2


@pytest.mark.parametrize(
    ("offset", "data", "expected"),
    [
        pytest.param(0, b"", None, id="zeros"),
        pytest.param(1080, b"\x53\xef", None, id="a file system on the whole disk"),
        pytest.param(0, b"\xeb\x58" + bytes(80) + b"FAT32" + b"\x90" * 423 + BOOT, None, id="FAT"),
        pytest.param(446, ACTIVE + bytes(48) + BOOT, "disk does not have a GPT", id="MBR"),
        pytest.param(446, PROTECTIVE + bytes(48) + BOOT, "the GPT is damaged: neither copy is there", id="GPT lost"),
        pytest.param(512, b"EFI PART" + bytes(84), "the GPT is damaged: primary: a header of 0 bytes", id="no length"),
    ],
)
def test_what_is_no_gpt(offset: int, data: bytes, expected: str | None) -> None:
    with image(1 << 20) as path:
        damage(path, offset, data)
        if expected is None:
            assert read(path) is None
        else:
            with pytest.raises(TableFault, match=f"^{expected}$"):
                read(path)


@pytest.fixture(scope="module")
def small() -> bytes:
    """A disk of 256 KiB with two partitions, made by hand: both copies are the same but for their places."""
    size, entries_at = 512, {1: 2, 511: 479}
    rows = b"".join(
        bytes([number]) * 16
        + bytes([number + 16]) * 16
        + struct.pack("<QQQ", first, first + 9, 0)
        + b"a\0".ljust(72, b"\0")
        for number, first in ((1, 40), (2, 60))
    ).ljust(128 * 128, b"\0")
    disk = bytearray(size * 512)
    disk[446:462], disk[510:512] = PROTECTIVE, BOOT
    for own, other in ((1, 511), (511, 1)):
        places = struct.pack("<QQQQ", own, other, 34, 478)
        tail = places + b"\x07" * 16 + struct.pack("<QIII", entries_at[own], 128, 128, zlib.crc32(rows))
        head = b"EFI PART" + struct.pack("<II", 0x10000, 92)
        checksum = zlib.crc32(head + bytes(8) + tail)
        disk[own * 512 : own * 512 + 92] = head + struct.pack("<II", checksum, 0) + tail
        disk[entries_at[own] * 512 : entries_at[own] * 512 + len(rows)] = rows
    return bytes(disk)


def test_a_table_made_by_hand(small: bytes) -> None:
    table = read_table(io.BytesIO(small), len(small), 512)
    assert table is not None
    assert [(row.number, row.start, row.size, row.label) for row in table.partitions] == [
        (1, 40, 10, "a"),
        (2, 60, 10, "a"),
    ]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 0x1400), st.binary(min_size=1, max_size=16)), min_size=1, max_size=4),
    st.booleans(),
    st.integers(0, 256 << 10),
)
def test_whatever_is_on_a_disk_ends_in_a_table_or_a_fault(
    small: bytes, changes: list[tuple[int, bytes]], both: bool, length: int
) -> None:
    disk = bytearray(small)
    for offset, data in changes:
        disk[offset : offset + len(data)] = data
    if both:
        disk[-512:] = bytes(512)
    whole = read_table(io.BytesIO(small), len(small), 512)
    for image, size in ((bytes(disk), len(disk)), (bytes(disk)[:length], len(disk)), (bytes(disk)[:length], length)):
        try:
            table = read_table(io.BytesIO(image), size, 512)
        except TableFault:
            continue
        assert table is None or table == whole or size != len(disk)
