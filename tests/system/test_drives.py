"""Drives of a real machine: loop devices with file systems that the test makes, found by udev's link and by blkid."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoker.system import CommandFault, FileFault, RealSystem
from stoker.system.drives import RealDrives

FILES = {"openstack/latest/user_data": b"config\n", "meta-data": b""}
LABEL = f"st-{uuid.uuid4().hex[:8]}"  # 11 characters are the most that vfat takes; nobody else has this one

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can attach and mount a drive")


def can_mount(kind: str) -> bool:
    return any(line.split()[-1] == kind for line in Path("/proc/filesystems").read_text().splitlines())


def mounts(device: str) -> list[list[str]]:
    """The lines of /proc/mounts for a device, as words."""
    lines = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [words for words in lines if words[0] == device]


def make_ext4(image: Path, files: Path) -> list[list[str]]:
    return [["mkfs.ext4", "-q", "-F", "-L", LABEL, "-d", str(files), str(image)]]


def make_vfat(image: Path, files: Path) -> list[list[str]]:
    names = [str(path) for path in files.iterdir()]
    return [
        ["mkfs.vfat", "-n", LABEL.upper(), str(image)],
        ["mcopy", "-s", "-i", str(image), *names, "::/"],
    ]


def make_iso9660(image: Path, files: Path) -> list[list[str]]:
    return [["xorriso", "-as", "mkisofs", "-quiet", "-V", LABEL, "-J", "-r", "-o", str(image), str(files)]]


KINDS = {"ext4": (make_ext4, LABEL), "vfat": (make_vfat, LABEL.upper()), "iso9660": (make_iso9660, LABEL)}


@pytest.fixture(params=KINDS)
def loop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A loop device with a file system of each kind that this machine can make and mount: its path and its label."""
    make, label = KINDS[request.param]
    files, image = tmp_path / "files", tmp_path / "image"
    for name, content in FILES.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(content)
    with image.open("wb") as file:
        file.truncate(8 << 20)
    commands = make(image, files)
    for command in commands:
        if not shutil.which(command[0]):
            pytest.skip(f"{command[0]} is not installed")
    if not can_mount(request.param):
        pytest.skip(f"this kernel cannot mount {request.param}")
    for command in commands:
        subprocess.run(command, check=True, capture_output=True)
    device = subprocess.run(
        ["losetup", "--find", "--show", "--read-only", str(image)], check=True, capture_output=True, text=True
    ).stdout.strip()
    yield device, label
    subprocess.run(["losetup", "--detach", device], check=True)


@needs_root
def test_a_drive_is_found_by_blkid_and_read(loop: tuple[str, str]) -> None:
    device, label = loop
    drives = RealDrives(RealSystem(Path("/")))
    if Path("/run/udev/control").exists():
        pytest.skip("udevd runs, so blkid is not asked")
    assert drives.labelled(label) == device
    assert drives.labelled(label + "x") is None
    with drives.opened(device) as files:
        assert files.read("/openstack/latest/user_data") == b"config\n"
        assert files.look("/user-data") is None
        (mount,) = mounts(device)
    assert {"ro", "nodev", "nosuid", "noexec"} <= set(mount[3].split(","))
    assert not Path(mount[1]).exists()
    assert mounts(device) == []


@needs_root
def test_a_drive_is_found_by_udevs_link_and_read(loop: tuple[str, str], tmp_path: Path) -> None:
    """The machine's root is a directory of the test, with a node of the same device in it."""
    device, _ = loop
    root = tmp_path / "root"
    links = root / "dev/disk/by-label"
    links.mkdir(parents=True)
    os.mknod(root / "dev/vdb", 0o600 | stat.S_IFBLK, os.stat(device).st_rdev)
    (links / "config-2").symlink_to("../../vdb")
    (root / "run/udev").mkdir(parents=True)
    (root / "run/udev/control").touch()
    drives = RealDrives(RealSystem(root))
    assert drives.labelled("config-2") == "/dev/vdb"
    assert drives.labelled("CONFIG-2") is None
    with drives.opened("/dev/vdb") as files:
        assert files.read("/openstack/latest/user_data") == b"config\n"


@needs_root
@pytest.mark.usefixtures("loop")
def test_a_disk_is_no_disc_in_a_cdrom_drive() -> None:
    drives = RealDrives(RealSystem(Path("/")))
    assert [drives.discs(kind) for kind in KINDS] == [[], [], []]


@needs_root
def test_a_drive_that_cannot_be_mounted_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/vdb").write_bytes(bytes(1 << 20))
    drives = RealDrives(RealSystem(tmp_path))
    with pytest.raises(CommandFault, match="mount"), drives.opened("/dev/vdb"):
        pass
    assert mounts(str(tmp_path / "dev/vdb")) == []


@needs_root
def test_a_drive_that_cannot_be_unmounted_says_so(loop: tuple[str, str]) -> None:
    """The directory that it stays mounted at cannot be removed either: that is not what is told."""
    device, _ = loop
    drives = RealDrives(RealSystem(Path("/"), tools={"umount": "false"}))
    try:
        with pytest.raises(CommandFault, match='"false"'), drives.opened(device):
            pass
    finally:
        for mount in mounts(device):
            subprocess.run(["umount", mount[1]], check=True)
            os.rmdir(mount[1])


def test_the_bytes_of_a_device(tmp_path: Path) -> None:
    (tmp_path / "dev/disk/by-id").mkdir(parents=True)
    (tmp_path / "dev/vdb").write_bytes(b"config" + bytes(506))
    (tmp_path / "dev/disk/by-id/virtio-ignition").symlink_to("../../vdb")
    drives = RealDrives(RealSystem(tmp_path))
    assert drives.read("/dev/disk/by-id/virtio-ignition", 512) == b"config" + bytes(506)
    assert drives.read("/dev/disk/by-id/other", 512) is None
    with pytest.raises(FileFault, match="larger than 511 bytes"):
        drives.read("/dev/disk/by-id/virtio-ignition", 511)
