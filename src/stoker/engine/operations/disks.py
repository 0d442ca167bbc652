"""Operations on disks: tables, arrays, volumes, file systems, mounts. Each has what is lost by it in `losses`.

What was settled when it was planned is looked at once more before anything is destroyed: between the two, an earlier
operation may have brought an old file system to light.
"""

from __future__ import annotations

import posixpath

import msgspec

from stoker.engine import disk_messages as messages
from stoker.engine.errors import Refused
from stoker.engine.operations.labels import first_missing, relabel
from stoker.engine.operations.losses import Loss
from stoker.engine.operations.operation import Touch, quoted
from stoker.fetch import Fetch
from stoker.system import BlockDevices, Device, DeviceFault, Partition, Signature, System, TableFault
from stoker.system.devices import ArrayFields, FilesystemFields
from stoker.system.protocol import DIRECTORY

DIRECTORY_MODE = 0o755
NONE = "none"
FRESH = {"lost+found"}  # what a file system that was just made may hold


class WipeTable(msgspec.Struct, frozen=True, kw_only=True):
    """Destroy the partition tables of a disk."""

    disk: Device
    losses: tuple[Loss, ...] = ()

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"wiping partition table requested on {quoted(self.disk.node)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("device", self.disk.node),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        try:
            return devices_of(system).table(self.disk) is None
        except TableFault:
            return False

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        devices_of(system).wipe_table(self.disk)


class ChangeTable(msgspec.Struct, frozen=True, kw_only=True):
    """Delete entries of a disk's table, then make others, in one call."""

    disk: Device
    delete: tuple[int, ...]
    create: tuple[Partition, ...]
    losses: tuple[Loss, ...] = ()

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        node = quoted(self.disk.node)
        return f"deleting {len(self.delete)} partitions and creating {len(self.create)} partitions on {node}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("device", self.disk.node),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        table = devices_of(system).table(self.disk)
        found = {partition.number: partition for partition in table.partitions} if table else {}
        gone = set(self.delete) - {wanted.number for wanted in self.create}
        return not gone & found.keys() and all(_is(found.get(wanted.number), wanted) for wanted in self.create)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`. The table is read back: sgdisk may have aligned what it should have taken as is."""
        devices_of(system).change_table(self.disk, self.delete, self.create)
        if not self.is_done(system, fetch):
            raise DeviceFault(f"the partition table of `{self.disk.node}` is not as it was asked for")


class TellKernel(msgspec.Struct, frozen=True, kw_only=True):
    """Make the kernel's partitions those of the table."""

    disk: Device

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"triggering partition update on {quoted(self.disk.node)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("device", self.disk.node),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        devices = devices_of(system)
        table = devices.table(self.disk)
        wanted = {entry.number: (entry.start, entry.size) for entry in table.partitions} if table else {}
        return devices.known_partitions(self.disk) == wanted

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        devices_of(system).tell_kernel(self.disk)


class MakeArray(msgspec.Struct, frozen=True, kw_only=True):
    """Make an array of devices, over whatever is on them."""

    fields: ArrayFields
    losses: tuple[Loss, ...] = ()

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"creating {quoted(self.fields.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("device", self.fields.path), *(Touch("device", device) for device in self.fields.devices))

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = devices_of(system).array(self.fields.path)
        return found is not None and found.members == tuple(sorted(self.fields.devices))

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        devices_of(system).make_array(self.fields)


class MakeFilesystem(msgspec.Struct, frozen=True, kw_only=True):
    """Make a file system. `device` is its path in the config, `node` the device; `none` only clears it.

    Without `wipe`, what is found on the device stops it, unless it is what is wanted.
    """

    device: str
    node: str
    fields: FilesystemFields
    wipe: bool = False
    losses: tuple[Loss, ...] = ()

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        if self.fields.format == NONE:
            return f"wiping filesystem signatures from {quoted(self.node)}"
        return f"creating {quoted(self.fields.format)} filesystem on {quoted(self.node)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("device", self.node),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`: one that is asked to be wiped never is."""
        return not self.wipe and has_filesystem(devices_of(system).probe(self.node), self.fields)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        devices = devices_of(system)
        if not self.wipe:
            found = devices.probe(self.node)
            if has_filesystem(found, self.fields):
                return
            if found is not None:
                raise Refused(
                    messages.BAD_FILESYSTEM,
                    device=quoted(self.device),
                    type=found.type,
                    label=quoted(found.label),
                    uuid=found.uuid,
                )
        devices.wipe(self.node)
        if self.fields.format != NONE:
            devices.make_filesystem(self.node, self.fields)


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """Mount a file system; the directories that are missing are made (0755). No link is followed."""

    device: str
    node: str
    path: str
    format: str
    options: tuple[str, ...] = ()
    relabels: bool = False

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        form, options = quoted(self.format), quoted(",".join(self.options))
        return f"mounting {quoted(self.device)} at {quoted(root + self.path)} with type {form} and options {options}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("mount", self.path),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return system.mounted(self.path) == self.node

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`. New directories get labels before, an empty file system afterwards."""
        obstacle = find_obstacle(system, self.path)
        if obstacle:
            raise Refused(messages.MOUNT_PATH, path=quoted(self.path), component=quoted(obstacle))
        if system.look(self.path) is None:
            missing = first_missing(system, self.path)
            system.make_directory(self.path, DIRECTORY_MODE)
            if self.relabels:
                relabel(system, [missing])
        system.mount(self.path, self.node, self.format, self.options)
        if self.relabels and set(system.list(self.path)) <= FRESH:
            relabel(system, [self.path])


class Unmount(msgspec.Struct, frozen=True, kw_only=True):
    """Unmount a device from a path; fine when it is not mounted there."""

    path: str
    node: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"umounting {quoted(root + self.path)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return ()

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return system.mounted(self.path) != self.node

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        if not self.is_done(system, fetch):
            system.unmount(self.path)


def devices_of(system: System) -> BlockDevices:
    """The machine's block devices. Raises `DeviceFault` where it has none."""
    if system.devices is None:
        raise DeviceFault("this machine has no block devices")
    return system.devices


def has_filesystem(found: Signature | None, wanted: FilesystemFields) -> bool:
    """Whether what is found on a device is the file system that is wanted. Label and UUID count only when given."""
    format_ = "" if wanted.format == NONE else wanted.format
    if found is None:
        return not format_ and not wanted.label and not wanted.uuid
    return (
        found.type == format_
        and wanted.label in {None, found.label}
        and (wanted.uuid is None or wanted.uuid == plain_uuid(found.type, found.uuid))
    )


def plain_uuid(format_: str, uuid: str) -> str:
    """A UUID in one form: lower case; the volume id of FAT without the dash that mkfs.fat does not take."""
    uuid = uuid.lower()
    return uuid[:4] + uuid[5:] if format_ == "vfat" and uuid[4:5] == "-" else uuid


def find_obstacle(system: System, path: str) -> str:
    """The first component of a path that is there and no directory, empty when there is none."""
    parts = posixpath.normpath(path).strip("/").split("/")
    for depth in range(1, len(parts) + 1):
        place = "/" + "/".join(parts[:depth])
        found = system.look(place)
        if found is None:
            break
        if found.kind != DIRECTORY:
            return place
    return ""


def _is(found: Partition | None, wanted: Partition) -> bool:
    """Whether an entry is the one that was asked for; what was left to sgdisk is not compared."""
    return found is not None and (
        (found.start, found.size) == (wanted.start, wanted.size)
        and wanted.label in {"", found.label}
        and wanted.guid.upper() in {"", found.guid}
        and wanted.type_guid.upper() in {"", found.type_guid}
    )
