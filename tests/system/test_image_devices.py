"""Disks in files: what the tools made of them, and what is said where a tool is missing or refuses."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from stoker.system import CommandFault, Device, Partition, Signature, Table, commands
from stoker.system.devices import ArrayFields, FilesystemFields, VolumeFields
from stoker.system.image_devices import MOST, ImageDevices
from stoker.system.images import image_disk
from stoker.system.real_devices import Run
from stoker.system.scratch_devices import Disk, Inventory

TOOLS = ("sgdisk", "sfdisk", "blkid", "mkfs.ext4", "mkfs.fat")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"not installed: {', '.join(t for t in TOOLS if not shutil.which(t))}"
)

MEBIBYTE = 1 << 20
GUID = "30000000-0000-4000-8000-000000000001"
VDA = Device("/dev/vda", 256 * MEBIBYTE)


def inventory() -> Inventory:
    """A disk with a table and a file system, a blank one, and one with large sectors."""
    table = msgspec.structs.replace(
        Table.blank(256 * MEBIBYTE, 512), partitions=(Partition(1, 2048, 65536, 'a "b"', GUID),), guid=GUID
    )
    return Inventory(
        disks={
            "/dev/vda": Disk(
                size=256 * MEBIBYTE, table=table, contents={MEBIBYTE: Signature("vfat", "BOOT", "1234-ABCD")}
            ),
            "/dev/vdb": Disk(size=64 * MEBIBYTE),
            "/dev/vdc": Disk(size=64 * MEBIBYTE, sector_size=4096),
        }
    )


def test_disks_begin_as_the_inventory_has_them(tmp_path: Path) -> None:
    devices = ImageDevices(inventory(), tmp_path, commands.run)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vda.img", "vdb.img"]
    disk = image_disk(devices.images["/dev/vda"], commands.run)
    assert disk.table is not None
    assert disk.table.guid == GUID
    assert [(one.start, one.size, one.label, one.guid) for one in disk.table.partitions] == [(2048, 65536, "a b", GUID)]
    assert disk.contents == {MEBIBYTE: Signature("vfat", "BOOT", "1234-ABCD")}
    assert devices.on_paper == ["`/dev/vdc`: 67108864 bytes in sectors of 4096"]


def test_partitions_and_file_systems_are_made(tmp_path: Path) -> None:
    devices = ImageDevices(inventory(), tmp_path, commands.run)
    devices.change_table(VDA, (), [Partition(2, 0, 102400, "data")])
    devices.tell_kernel(VDA)
    devices.make_filesystem("/dev/vda2", FilesystemFields("ext4", "pictures"))
    devices.make_filesystem("/dev/vdb", FilesystemFields("ext4"))
    seen = {node: image_disk(image, commands.run) for node, image in devices.images.items()}
    for node, disk in seen.items():
        assert devices.inventory.disks[node].contents == disk.contents
        assert devices.inventory.disks[node].table == disk.table
    assert [found.type for found in seen["/dev/vda"].contents.values()] == ["vfat", "ext4"]
    assert seen["/dev/vdb"].contents[0].type == "ext4"
    assert not (tmp_path / "part").exists()
    devices.wipe("/dev/vda2")
    assert [found.type for found in image_disk(devices.images["/dev/vda"], commands.run).contents.values()] == ["vfat"]
    devices.wipe_table(VDA)
    assert image_disk(devices.images["/dev/vda"], commands.run).table is None


def test_what_needs_the_kernel_stays_on_paper(tmp_path: Path) -> None:
    devices = ImageDevices(inventory(), tmp_path, commands.run)
    devices.on_paper.clear()
    devices.make_array(ArrayFields("a", "raid1", ("/dev/vdb", "/dev/vdc")))
    devices.make_filesystem("/dev/md/a", FilesystemFields("ext4"))
    devices.format_volume("/dev/vda1", VolumeFields("v"), b"key")
    devices.make_filesystem("/dev/vdc", FilesystemFields("ext4"))
    assert devices.on_paper == [
        "`/dev/md/a`: raid1",
        "`/dev/md/a`: ext4",
        "`/dev/mapper/v`: encrypted",
        "`/dev/vdc`: ext4",
    ]
    found = devices.probe("/dev/md/a")
    assert found is not None
    assert found.type == "ext4"


def without(*names: str) -> Run:
    """Runs commands on a machine where these are not installed."""

    def run_others(arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> bytes:
        if arguments[0] in names:
            raise CommandFault(arguments, "exit status 127", status=127)
        return commands.run(arguments, stdin, seconds)

    return run_others


def test_a_tool_that_is_not_installed_is_named(tmp_path: Path) -> None:
    devices = ImageDevices(inventory(), tmp_path, without("sgdisk", "mkfs.ext4", "mkfs.fat"))
    devices.on_paper.clear()
    devices.change_table(VDA, (), [Partition(2, 0, 102400, "data")])
    devices.make_filesystem("/dev/vdb", FilesystemFields("ext4", "x"))
    assert devices.on_paper == ["`sgdisk` is not installed", "`mkfs.ext4` is not installed"]
    found = devices.probe("/dev/vdb")
    assert found is not None
    assert (found.type, found.label) == ("ext4", "x")


@pytest.mark.parametrize(
    "options", [("-J", "device=/dev/null"), ("-d", "/etc"), ("src",), ("-J", "size=4,device=src"), ("-O", "x", "..")]
)
def test_options_that_name_a_path_stay_on_paper(options: tuple[str, ...], tmp_path: Path) -> None:
    """They would make mkfs read or overwrite what is no part of the rehearsal; `src` is there, in this directory."""
    assert Path("src").exists()
    devices = ImageDevices(inventory(), tmp_path, commands.run)
    devices.make_filesystem("/dev/vdb", FilesystemFields("ext4", options=options))
    assert devices.on_paper[-1] == "`/dev/vdb`: ext4, whose options name a path"
    assert image_disk(devices.images["/dev/vdb"], commands.run).contents == {}


def test_options_that_name_none_are_given(tmp_path: Path) -> None:
    devices = ImageDevices(inventory(), tmp_path, commands.run)
    devices.make_filesystem("/dev/vdb", FilesystemFields("ext4", options=("-b", "1024", "-O", "^metadata_csum")))
    assert image_disk(devices.images["/dev/vdb"], commands.run).contents[0].type == "ext4"


def test_no_more_images_than_a_person_would_wait_for(tmp_path: Path) -> None:
    disks = {f"/dev/disk{number}": Disk(size=MEBIBYTE) for number in range(MOST + 2)}
    devices = ImageDevices(Inventory(disks=disks), tmp_path, commands.run)
    assert len(list(tmp_path.iterdir())) == MOST
    assert devices.on_paper == [f"`/dev/disk{number}`: there are more than 32 disks" for number in (MOST, MOST + 1)]


def test_what_a_tool_refuses_is_refused(tmp_path: Path) -> None:
    devices = ImageDevices(inventory(), tmp_path, commands.run)
    with pytest.raises(CommandFault, match="mkfs"):
        devices.make_filesystem("/dev/vdb", FilesystemFields("ext4", options=("--no-such-option",)))
    assert not (tmp_path / "part").exists()
