"""A machine on paper: in goes a machine, out comes what a plan needs to know of it to be made elsewhere.

Disks with their tables and what is on them, file systems and mounts, accounts, the operating system, the kernel's
arguments. Nothing is changed: devices are read, by blkid(8) and cryptsetup(8) where those have to judge. No secret is
among it: of shadow(5) nothing is read, and kernel arguments that sound like secrets are left out.

Sources: os-release(5), sysfs(5), udev(7).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from stoker.system import block_kernel
from stoker.system.devices import BlockDevices, Device, Signature, Volume, partition_node
from stoker.system.errors import SECRET_NAME, CommandFault, DeviceFault, TableFault
from stoker.system.protocol import Group, System, User
from stoker.system.scratch_devices import Disk, Inventory

VERSION: Final = 1  # of the form of a captured machine; a reader refuses any other
LINKS: Final = ("/dev/disk/by-id", "/dev/disk/by-path", "/dev/disk/by-diskseq")
ARRAYS: Final = "/dev/md"
OS_RELEASE: Final = ("/etc/os-release", "/usr/lib/os-release")
OS_FIELDS: Final = ("ID", "ID_LIKE", "VARIANT_ID", "VERSION_ID", "BUILD_ID", "NAME", "PRETTY_NAME")

_NO_DISKS: Final = re.compile(r"(dm-|md|sr|fd)\d*")  # what is made of disks, or holds no system
_SELDOM: Final = re.compile(r"(loop|ram|zram|nbd)\d*")  # no disks of a machine, unless somebody says so
_LARGEST_TEXT: Final = 1 << 20  # bytes of a file that is a few lines


class Captured(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A machine as it was captured. `os` are fields of os-release(5) by name.

    What else an inventory says is refused: a part in the wrong place would be one that is not there.
    """

    version: int = VERSION
    os: dict[str, str] = {}
    kernel_arguments: list[str] = []
    devices: Inventory = msgspec.field(default_factory=Inventory)
    users: list[User] = []
    groups: list[Group] = []


def capture(system: System) -> Captured:
    """Capture a machine: its accounts and system, and its devices where it has some.

    Raises `FileFault`, `DeviceFault` or `CommandFault` for what cannot be read: devices are read by root alone.
    """
    return Captured(
        os=os_release(system),
        kernel_arguments=kernel_arguments(system),
        devices=Inventory() if system.devices is None else capture_devices(system.devices),
        users=system.accounts.users(),
        groups=system.accounts.groups(),
    )


def os_release(system: System) -> dict[str, str]:
    """What a system says that it is; empty when it says nothing."""
    for path in OS_RELEASE:
        place = system.resolve(path, follow=True)
        if system.look(place) is not None:
            lines = system.read(place, _LARGEST_TEXT).decode(errors="replace").splitlines()
            pairs = (line.partition("=") for line in lines if not line.startswith("#"))
            return {name: _unquoted(value) for name, _, value in pairs if name in OS_FIELDS}
    return {}


def kernel_arguments(system: System) -> list[str]:
    """The words of the kernel's command line, without those whose name sounds like a secret; none for a bare tree.

    What follows `--` is for init (Documentation/admin-guide/kernel-parameters).
    """
    if system.look("/proc/cmdline") is None:
        return []
    words = system.read("/proc/cmdline", _LARGEST_TEXT).decode(errors="replace").split()
    words = words[: words.index("--")] if "--" in words else words
    return [word for word in words if not SECRET_NAME.search(word.partition("=")[0])]


# Devices


def capture_devices(devices: BlockDevices, named: Iterable[str] = ()) -> Inventory:
    """The disks of the machine that runs this, and what is made of them; loop devices and the like where `named`."""
    inventory = Inventory()
    meant = {found.disk or found.node for found in map(devices.find, named) if found is not None}
    for name in sorted(os.listdir("/sys/class/block")):
        node = "/dev/" + name.replace("!", "/")
        device = devices.find(node)
        if device is None or device.disk or not device.size or _NO_DISKS.fullmatch(name):
            continue
        if node not in meant and _SELDOM.fullmatch(name):
            continue
        inventory.disks[node] = capture_disk(devices, device, inventory)
    for node, path in _arrays():
        capture_array(devices, node, path, inventory)
    for source, directory, _ in block_kernel.mounts():
        if source.startswith("/dev/"):
            inventory.mounts[directory] = os.path.realpath(source)
    return inventory


def capture_disk(devices: BlockDevices, device: Device, inventory: Inventory) -> Disk:
    """A disk, with what is on it; what uses it and its encrypted volumes go to the inventory.

    One that cannot be read (only root can) is so marked.
    """
    disk = Disk(size=device.size, sector_size=device.sector_size, links=sorted(_links(device.node)))
    disk.known = devices.known_partitions(device)
    try:
        disk.table = devices.table(device)
    except TableFault as fault:
        disk.fault = str(fault)
    except DeviceFault as fault:
        disk.unreadable = str(fault)
        return disk
    if not disk.known and disk.table is None:
        found = devices.probe(device.node)
        if found is not None:
            disk.contents[0] = found
        _note(devices, device.node, found, inventory)
    for number, (start, _) in disk.known.items():
        node = partition_node(device.node, number)
        found = devices.probe(node)
        if found is not None:
            disk.contents[start * device.sector_size] = found
        _note(devices, node, found, inventory)
    return disk


def capture_array(devices: BlockDevices, node: str, path: str, inventory: Inventory) -> None:
    """An array that runs, and what is on it, under the path that a config would call it by."""
    array = devices.array(node)
    if array is None:
        return
    inventory.arrays[path] = array
    found = devices.probe(node)
    if found is not None:
        inventory.held[path] = found
    _note(devices, node, found, inventory, path)


def _note(
    devices: BlockDevices, node: str, found: Signature | None, inventory: Inventory, name: str | None = None
) -> None:
    """Note what uses a device, and the header of the encrypted volume on it; under another `name` than its node's."""
    name = name or node
    use = devices.use(node)
    if use:
        inventory.uses[name] = use
    if found is not None and found.type == "crypto_LUKS":
        try:
            volume = devices.volume(node)
        except (CommandFault, DeviceFault):  # without cryptsetup, what blkid said has to do
            volume = Volume(2, found.label, found.uuid)
        if volume is not None:
            inventory.volumes[name] = volume


def _links(node: str) -> Iterator[str]:
    """The links below /dev/disk that lead to a disk."""
    for directory in LINKS:
        for name in os.listdir(directory) if os.path.isdir(directory) else ():
            if os.path.realpath(f"{directory}/{name}") == node:
                yield f"{directory}/{name}"


def _arrays() -> Iterator[tuple[str, str]]:
    """The nodes of arrays, each with the path that a config would call it by."""
    names = os.listdir(ARRAYS) if os.path.isdir(ARRAYS) else ()
    named = {os.path.realpath(f"{ARRAYS}/{name}"): f"{ARRAYS}/{name}" for name in names}
    for name in sorted(os.listdir("/sys/class/block")):
        if re.fullmatch(r"md[^p]+", name):
            yield f"/dev/{name}", named.get(f"/dev/{name}", f"/dev/{name}")


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:
        return value.strip()
