"""A machine on paper: a tree, disks on loops and in images, as they are captured."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from stoker.system import DeviceFault, FileFault, RealSystem, Signature, commands
from stoker.system.devices import Array, Volume
from stoker.system.images import image_disk
from stoker.system.inventory import Captured, capture, capture_array, capture_devices, capture_disk, kernel_arguments
from stoker.system.real_devices import RealDevices
from stoker.system.scratch_devices import Disk, Inventory, ScratchDevices
from tests.loops import loops, run, why_not

on_loops = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
needs_tools = pytest.mark.skipif(
    not all(map(shutil.which, ("sgdisk", "blkid", "mkfs.ext4"))), reason="sgdisk, blkid or mkfs.ext4 is not installed"
)

TREE = {
    "usr/lib/os-release": (
        'NAME="Fedora Linux"\nID=fedora\nVARIANT_ID=coreos\n# no\nPRETTY_NAME="Fedora CoreOS 43"\nX=y\n'
    ),
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "etc/group": "root:x:0:\nwheel:x:10:core\n",
    "etc/shadow": "root:$6$secret:1::::::\n",
    "proc/cmdline": "quiet stoker.token=s3cret rd.luks.key=/k vconsole.keymap=de -- init words\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in TREE.items():
        (tmp_path / "root" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / path).write_text(text)
    return tmp_path / "root"


def test_a_tree(root: Path) -> None:
    (root / "etc/os-release").symlink_to("../usr/lib/os-release")
    with closing(RealSystem(root)) as system:
        captured = capture(system)
    assert captured.os == {
        "NAME": "Fedora Linux",
        "ID": "fedora",
        "VARIANT_ID": "coreos",
        "PRETTY_NAME": "Fedora CoreOS 43",
    }
    assert [user.name for user in captured.users] == ["root"]
    assert [(group.name, group.members) for group in captured.groups] == [("root", ()), ("wheel", ("core",))]
    assert captured.kernel_arguments == ["quiet", "vconsole.keymap=de"]
    assert captured.devices == Inventory()
    text = msgspec.json.encode(captured)
    assert b"s3cret" not in text
    assert b"$6$" not in text
    assert msgspec.json.decode(text, type=Captured) == captured


# what is in /etc/os-release -> what is known of it
OS_RELEASES = {
    "": {},
    "ID=x": {"ID": "x"},
    "ID='x'\nNAME=\"a b\"": {"ID": "x", "NAME": "a b"},
    'ID="x': {"ID": '"x'},
    "#ID=x\nnonsense\n=\n": {},
}


@pytest.mark.parametrize(("text", "expected"), OS_RELEASES.items())
def test_what_a_system_says_that_it_is(text: str, expected: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(text)
    with closing(RealSystem(tmp_path)) as system:
        assert capture(system).os == expected


def test_a_bare_tree_has_no_kernel_arguments(tmp_path: Path) -> None:
    with closing(RealSystem(tmp_path)) as system:
        assert kernel_arguments(system) == []


@pytest.fixture
def new_loop(tmp_path: Path) -> Iterator[Callable[..., str]]:
    with loops(tmp_path) as make:
        yield make


@on_loops
@pytest.mark.parametrize("sector_size", [512, 4096])
def test_a_disk(new_loop: Callable[..., str], tmp_path: Path, sector_size: int) -> None:
    """What is captured answers as the disk itself does, and it is not touched."""
    loop = new_loop(256 << 20, sector_size)
    run("sgdisk", "--new=1:0:+50M", "--change-name=1:one", "--new=2:0:0", loop)
    run("partx", "--add", loop)
    run("mkfs.ext4", "-q", "-L", "pictures", f"{loop}p2")
    (tmp_path / "mount").mkdir()
    run("mount", f"{loop}p2", tmp_path / "mount")
    try:
        before = hashlib.sha256(Path(loop).read_bytes()).hexdigest()
        devices = RealDevices(commands.run)
        device = devices.find(loop)
        assert device is not None
        inventory = Inventory()
        disk = inventory.disks[loop] = capture_disk(devices, device, inventory)
        assert hashlib.sha256(Path(loop).read_bytes()).hexdigest() == before
    finally:
        run("umount", tmp_path / "mount")
    assert inventory.uses == {f"{loop}p2": f"mounted at `{tmp_path}/mount`"}
    assert disk.table == devices.table(device)
    assert disk.known == devices.known_partitions(device)
    paper = ScratchDevices(inventory)
    found = paper.find("/dev/disk/by-label/pictures")
    assert found == devices.find(f"{loop}p2")
    assert paper.probe(f"{loop}p1") is None
    signature = paper.probe(f"{loop}p2")
    assert signature == devices.probe(f"{loop}p2")
    assert signature is not None
    assert paper.find(f"/dev/disk/by-uuid/{signature.uuid}") == found


@on_loops
def test_a_disk_without_a_table(new_loop: Callable[..., str]) -> None:
    loop = new_loop(64 << 20)
    run("mkfs.ext4", "-q", "-L", "whole", loop)
    devices, inventory = RealDevices(commands.run), Inventory()
    device = devices.find(loop)
    assert device is not None
    disk = capture_disk(devices, device, inventory)
    assert (disk.table, disk.known, disk.contents[0].label) == (None, {}, "whole")


@on_loops
def test_this_machine() -> None:
    """Whatever disks there are: none is a loop, and what is mounted is told."""
    found = capture_devices(RealDevices(commands.run))
    assert not any(node.startswith("/dev/loop") for node in found.disks)
    assert all(node.startswith("/dev/") for node in found.mounts.values())


def test_a_disk_that_nobody_may_read_is_not_taken_for_a_blank_one() -> None:
    paper = ScratchDevices(Inventory(disks={"/dev/vda": Disk(size=1 << 30, unreadable="no")}))
    device = paper.find("/dev/vda")
    assert device is not None
    for look in (lambda: paper.table(device), lambda: paper.probe("/dev/vda")):
        with pytest.raises(DeviceFault, match=r"^no$"):
            look()


# Images


def make_image(path: Path, *partitions: str) -> None:
    with path.open("wb") as file:
        file.truncate(64 << 20)
    if partitions:
        run("sgdisk", *partitions, path)


@needs_tools
def test_an_image_is_read_and_not_written(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    make_image(image, "--new=1:2048:+10M", "--change-name=1:one", "--new=2:0:+20M")
    with (tmp_path / "part").open("wb") as part:
        part.truncate(20 << 20)
    run("mkfs.ext4", "-q", "-L", "data", tmp_path / "part")
    with image.open("r+b") as file:
        file.seek((2048 + 20480) * 512)
        file.write((tmp_path / "part").read_bytes())
    image.chmod(0o400)
    before = image.stat().st_mtime_ns, hashlib.sha256(image.read_bytes()).hexdigest()
    disk = image_disk(image, commands.run)
    assert (image.stat().st_mtime_ns, hashlib.sha256(image.read_bytes()).hexdigest()) == before
    assert disk.table is not None
    assert [(one.number, one.label) for one in disk.table.partitions] == [(1, "one"), (2, "")]
    assert {start: (found.type, found.label) for start, found in disk.contents.items()} == {
        (2048 + 20480) * 512: ("ext4", "data")
    }
    assert disk.size == 64 << 20


@needs_tools
def test_images_without_a_table(tmp_path: Path) -> None:
    make_image(tmp_path / "blank")
    assert image_disk(tmp_path / "blank", commands.run) == Disk(size=64 << 20)
    run("mkfs.ext4", "-q", "-U", "11111111-2222-4333-8444-555555555555", tmp_path / "blank")
    disk = image_disk(tmp_path / "blank", commands.run)
    assert disk.contents == {0: Signature("ext4", "", "11111111-2222-4333-8444-555555555555")}
    make_image(tmp_path / "broken", "--new=1:2048:+10M")
    with (tmp_path / "broken").open("r+b") as file:
        for place in (512, (64 << 20) - 512):
            file.seek(place)
            file.write(b"EFI PARTx")
    assert image_disk(tmp_path / "broken", commands.run).fault.startswith("the GPT is damaged")


ON_ARRAY = {
    "a file system": (Signature("ext4", "data"), None),
    "an encrypted volume": (Signature("crypto_LUKS", "data"), Volume(2, "data", "")),
    "nothing": (None, None),
}


@pytest.mark.parametrize(("held", "volume"), ON_ARRAY.values(), ids=ON_ARRAY)
def test_an_array_by_the_path_that_configs_call_it_by(held: Signature | None, volume: Volume | None) -> None:
    """What is on it was left out: a plan for the machine saw nothing there that could be lost."""
    array = Array("raid1", ("/dev/vdb", "/dev/vdc"))
    node, path = "/dev/md127", "/dev/md/data"
    given = Inventory(arrays={node: array}, uses={node: "mounted at `/srv`"})
    given.held = {} if held is None else {node: held}
    given.volumes = {} if volume is None else {node: volume}
    found = Inventory()
    capture_array(ScratchDevices(given), node, path, found)
    assert found == Inventory(
        arrays={path: array},
        uses={path: "mounted at `/srv`"},
        held={} if held is None else {path: held},
        volumes={} if volume is None else {path: volume},
    )
    assert ScratchDevices(found).probe(path) == held


NO_IMAGE = "is no disk image: "
NAME_ONE = "name the raw image of a disk, or a device"

# first bytes -> what is said
WRAPPED = {
    "qcow2": (
        b"QFI\xfb\0\0\0\3",
        "is a qcow2 image, not the bytes of a disk: `qemu-img convert -O raw IN OUT` unwraps it",
    ),
    "gzip": (gzip.compress(b"x"), "is compressed, not the bytes of a disk: `gzip -dk` unwraps it"),
    "xz": (b"\xfd7zXZ\0", "is compressed, not the bytes of a disk: `xz -dk` unwraps it"),
    "nothing": (b"", f"{NO_IMAGE}it has 0 bytes, and a disk has at least 34304; {NAME_ONE}"),
    "a text": (b"hi\n", f"{NO_IMAGE}it has 3 bytes, and a disk has at least 34304; {NAME_ONE}"),
    "no whole sectors": (bytes(1_000_001), f"{NO_IMAGE}its 1000001 bytes are no whole number of sectors; {NAME_ONE}"),
}


@pytest.mark.parametrize(("head", "said"), WRAPPED.values(), ids=WRAPPED)
def test_what_is_no_raw_image(head: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.img").write_bytes(head)
    with pytest.raises(DeviceFault) as caught:
        image_disk(tmp_path / "a.img", commands.run)
    assert str(caught.value) == f"`{tmp_path}/a.img` {said}"


def test_a_pipe_is_no_image_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DeviceFault, match="is no disk image: it is no file and no block device; name the raw image"):
        image_disk(tmp_path / "pipe", commands.run)


def test_an_image_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(FileFault, match="cannot read"):
            image_disk(path, commands.run)
    assert os.listdir(tmp_path) == []


@on_loops
def test_loop_devices_are_disks_where_somebody_says_so(tmp_path: Path) -> None:
    with loops(tmp_path) as new_loop:
        other, loop = new_loop(64 << 20), new_loop(64 << 20)
        run("sgdisk", "--new=1:0:0", loop)
        run("partx", "--update", loop)
        devices = RealDevices(commands.run)
        assert not {other, loop} & capture_devices(devices).disks.keys()
        for named in (loop, f"{loop}p1"):
            found = capture_devices(devices, ["/dev/nothing", named]).disks
            assert other not in found
            assert found[loop].known == {1: (2048, (64 << 11) - 2048 - 33)}
