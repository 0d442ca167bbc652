"""Real block devices, on loops: what is looked up, what the kernel is told, and what it keeps from changing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stoker.system import CommandFault, Device, DeviceFault, Signature, TableFault, commands
from stoker.system.block_kernel import set_partitions
from stoker.system.devices import ArrayFields, Volume, VolumeFields
from stoker.system.gpt import Partition
from stoker.system.real_devices import RealDevices
from tests.loops import loops, run, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")

DEVICES = RealDevices(commands.run)


@pytest.fixture
def new_loop(tmp_path: Path) -> Iterator[Callable[..., str]]:
    with loops(tmp_path) as make:
        yield make


def find(path: str) -> Device:
    device = DEVICES.find(path)
    assert device is not None
    return device


def test_devices_are_found_through_links(new_loop: Callable[..., str], tmp_path: Path) -> None:
    loop = new_loop(64 << 20, 4096)
    (tmp_path / "link").symlink_to(loop)
    assert DEVICES.find(str(tmp_path / "link")) == Device(loop, 64 << 20, 4096)
    assert DEVICES.find(str(tmp_path)) is None
    assert DEVICES.find(str(tmp_path / "none")) is None
    DEVICES.wait([loop])
    DEVICES.wait([str(tmp_path / "none")])  # without patience


def test_the_kernel_is_told_partition_by_partition(new_loop: Callable[..., str]) -> None:
    loop = find(new_loop(64 << 20))
    DEVICES.change_table(loop, (), [Partition(1, 2048, 2048, "a"), Partition(2, 8192, 2048)])
    DEVICES.tell_kernel(loop)
    assert DEVICES.known_partitions(loop) == {1: (2048, 2048), 2: (8192, 2048)}
    assert DEVICES.find(f"{loop.node}p2") == Device(f"{loop.node}p2", 1 << 20, 512, loop.node)
    steps: list[dict[int, tuple[int, int]]] = [
        {1: (2048, 4096), 2: (8192, 2048)},  # grown
        {1: (2048, 1024), 2: (8192, 2048)},  # shrunk
        {1: (4096, 1024), 2: (8192, 2048)},  # moved
        {2: (8192, 2048), 3: (2048, 2048)},  # one goes, one comes
        {},
    ]
    for wanted in steps:
        set_partitions(loop, wanted)
        assert DEVICES.known_partitions(loop) == wanted


def test_what_is_in_use_is_named(new_loop: Callable[..., str], tmp_path: Path) -> None:
    loop = find(new_loop(64 << 20))
    DEVICES.change_table(loop, (), [Partition(1, 2048, 65536)])
    DEVICES.tell_kernel(loop)
    node = f"{loop.node}p1"
    assert DEVICES.use(node) == ""
    run("mkfs.ext4", "-q", node)
    mount = tmp_path / "a mount"
    mount.mkdir()
    DEVICES.mount(node, str(mount), "ext4", ["ro", "noatime"])
    try:
        assert DEVICES.use(node) == f"mounted at `{mount}`"
        assert DEVICES.mounted(str(mount)) == node
        with pytest.raises(DeviceFault, match=f"does not delete partition 1 of `{loop.node}`: it is in use"):
            set_partitions(loop, {})
    finally:
        DEVICES.unmount(str(mount))
    assert DEVICES.mounted(str(mount)) == ""


def test_what_a_device_holds(new_loop: Callable[..., str]) -> None:
    loop = new_loop(64 << 20)
    assert DEVICES.probe(loop) is None
    uuid = "11111111-2222-4333-8444-555555555555"
    run("mkfs.ext4", "-q", "-F", "-L", "my=data 'x'", "-U", uuid, loop)
    assert DEVICES.probe(loop) == Signature("ext4", "my=data 'x'", uuid)
    with Path(loop).open("r+b") as file:  # swap space as well
        file.seek(4096 - 10)
        file.write(b"SWAPSPACE2")
        file.seek(1024)
        file.write((1).to_bytes(4, "little") + (100).to_bytes(4, "little"))
    found = DEVICES.probe(loop)
    assert found is not None
    assert found.others
    DEVICES.wipe(loop)
    assert DEVICES.probe(loop) is None


def test_what_lies_in_a_stretch(new_loop: Callable[..., str]) -> None:
    loop = find(new_loop(64 << 20))
    DEVICES.change_table(loop, (), [Partition(1, 2048, 65536)])
    DEVICES.tell_kernel(loop)
    run("mkfs.ext4", "-q", "-L", "old", f"{loop.node}p1")
    DEVICES.change_table(loop, (1,), ())
    DEVICES.tell_kernel(loop)
    found = DEVICES.probe(loop.node, 2048 * 512, 65536 * 512)
    assert found is not None
    assert (found.type, found.label) == ("ext4", "old")
    assert DEVICES.probe(loop.node, 4096 * 512, 4096 * 512) is None


def test_a_damaged_table_is_wiped(new_loop: Callable[..., str]) -> None:
    loop = find(new_loop(64 << 20))
    DEVICES.change_table(loop, (), [Partition(1, 2048, 2048)])
    with Path(loop.node).open("r+b") as file:
        for offset in (512 + 60, (64 << 20) - 512 + 60):
            file.seek(offset)
            file.write(b"\xff")
    with pytest.raises(TableFault):
        DEVICES.table(loop)
    DEVICES.wipe_table(loop)
    assert DEVICES.table(loop) is None


@pytest.mark.skipif(bool(why_not("cryptsetup")), reason=why_not("cryptsetup") or "-")
def test_a_volume_has_a_header(new_loop: Callable[..., str]) -> None:
    loop = new_loop(64 << 20)
    uuid = "11111111-2222-4333-8444-555555555555"
    cheap = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    key = b"key\nwith a line end\0"
    DEVICES.format_volume(loop, VolumeFields("vault", "label", uuid, cheap), key)
    assert DEVICES.volume(loop) == Volume(2, "label", uuid)
    with pytest.raises(CommandFault) as caught:
        DEVICES.remove_key(loop, b"another")
    assert "another" not in str(caught.value)
    DEVICES.remove_key(loop, key)
    run("mkfs.ext4", "-q", "-F", loop)
    assert DEVICES.volume(loop) is None


def test_a_tool_that_fails_says_so_with_its_command(new_loop: Callable[..., str]) -> None:
    loop = new_loop(1 << 20)
    with pytest.raises(CommandFault) as caught:
        DEVICES.make_array(ArrayFields("md9", "raid1", (loop, loop)))
    assert '"mdadm" "--create" "md9"' in str(caught.value)
