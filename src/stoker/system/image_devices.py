"""Block devices in files: in goes an inventory of disks, out come sparse images that are partitioned and formatted.

Nothing needs root: sgdisk(8), sfdisk(8) and mkfs work on files. A partition's file system is made in a file of its own
and its data are copied to where they belong. What needs the kernel (arrays, encrypted volumes, mounts) stays on paper,
and so does a disk whose sectors are not of 512 bytes, which sgdisk takes every file to have; `on_paper` says what.
Options for mkfs that name a path stay there, too: a rehearsal touches nothing but its own files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stoker.system import disk_commands
from stoker.system.devices import ArrayFields, Device, FilesystemFields, Signature, VolumeFields
from stoker.system.errors import CommandFault, DeviceFault, FileFault
from stoker.system.gpt import Partition, Table, read_table
from stoker.system.real_devices import RealDevices, Run
from stoker.system.scratch_devices import Disk, Inventory, ScratchDevices

SECTOR: Final = 512
LARGEST: Final = 1 << 44  # bytes of an image; file systems of the machine that runs this take no larger file
MOST: Final = 32  # disks that get an image; sgdisk takes a second for each
MISSING: Final = 127  # exit status of env(1) for a command that is not installed
CHUNK: Final = 1 << 20
EDGE: Final = 1 << 20  # bytes at both ends of a stretch, where signatures are
SECONDS: Final = 120.0


class ImageDevices(ScratchDevices):
    """Block devices that are sparse files in a directory, `images` by node."""

    def __init__(self, inventory: Inventory, directory: Path, run: Run) -> None:
        """Make an image for every disk, with the table and the file systems that it has. Raises `SystemFault`."""
        super().__init__(inventory)
        self.images: dict[str, Path] = {}
        self.on_paper: list[str] = []
        self._run = run
        self._directory = directory
        self._probe = RealDevices(run).probe
        for node, disk in inventory.disks.items():
            if disk.sector_size != SECTOR or disk.size > LARGEST:
                self.on_paper.append(f"`{node}`: {disk.size} bytes in sectors of {disk.sector_size}")
            elif len(self.images) == MOST:
                self.on_paper.append(f"`{node}`: there are more than {MOST} disks")
            else:
                self.images[node] = self._image(node, disk)

    # Changing

    def wipe_table(self, disk: Device) -> None:
        """See `BlockDevices.wipe_table`."""
        is_blank = self.inventory.disks[disk.node].table is None
        super().wipe_table(disk)
        if disk.node in self.images and not is_blank:  # sgdisk waits a second after whatever it writes
            self._do(["sgdisk", "--zap-all", str(self.images[disk.node])])

    def change_table(self, disk: Device, delete: Sequence[int], create: Sequence[Partition]) -> None:
        """See `BlockDevices.change_table`. What sgdisk made of it is read back."""
        super().change_table(disk, delete, create)
        image = self.images.get(disk.node)
        if image is not None and self._do(disk_commands.change_table(str(image), delete, create)):
            with image.open("rb") as file:
                self.inventory.disks[disk.node].table = read_table(file, disk.size, SECTOR)

    def wipe(self, node: str) -> None:
        """See `BlockDevices.wipe`."""
        super().wipe(node)
        stretch = self._stretch(node)
        if stretch is not None:
            image, start, size = stretch
            with image.open("r+b") as file:
                for place in (0, max(size - EDGE, 0)):
                    file.seek(start + place)
                    file.write(bytes(min(EDGE, size)))

    def make_filesystem(self, node: str, fields: FilesystemFields) -> None:
        """See `BlockDevices.make_filesystem`. What blkid sees then is kept."""
        super().make_filesystem(node, fields)
        stretch = self._stretch(node)
        if stretch is None:
            self.on_paper.append(f"`{node}`: {fields.format}")
            return
        if any(map(_names_a_path, fields.options)):
            self.on_paper.append(f"`{node}`: {fields.format}, whose options name a path")
            return
        image, start, size = stretch
        part = self._directory / "part"
        try:
            with part.open("wb") as file:
                file.truncate(size)
            if self._do(disk_commands.make_filesystem(str(part), fields)):
                _copy(part, image, start)
                self._put(node, self._probe(str(image), start, size))
        finally:
            part.unlink(missing_ok=True)

    def make_array(self, fields: ArrayFields) -> None:
        """See `BlockDevices.make_array`: on paper."""
        super().make_array(fields)
        self.on_paper.append(f"`{fields.path}`: {fields.level}")

    def format_volume(self, node: str, fields: VolumeFields, key: bytes) -> None:
        """See `BlockDevices.format_volume`: on paper."""
        super().format_volume(node, fields, key)
        self.on_paper.append(f"`/dev/mapper/{fields.name}`: encrypted")

    # Images

    def _image(self, node: str, disk: Disk) -> Path:
        """An image of a disk as it is: sparse, with its table and, where they can be made, its file systems."""
        image = self._directory / f"{node.removeprefix('/dev/').replace('/', '-')}.img"
        try:
            with image.open("xb") as file:
                file.truncate(disk.size)
        except OSError as error:
            raise FileFault.of("make", str(image), error) from error
        if disk.table is None:
            return image
        self._do(["sfdisk", "--quiet", "--wipe", "never", str(image)], _script(disk.table))
        for start, found in list(disk.contents.items()):
            # The volume id of FAT is shown with a dash and taken without.
            uuid = found.uuid.replace("-", "") if found.type == "vfat" else found.uuid
            fields = FilesystemFields(found.type, found.label or None, uuid or None)
            partition = next((one for one in disk.table.partitions if one.start * SECTOR == start), None)
            if partition is not None and disk_commands.can_make(fields.format):
                disk.contents[start] = self._lay(image, partition, fields) or found
        return image

    def _lay(self, image: Path, partition: Partition, fields: FilesystemFields) -> Signature | None:
        """Make a file system that was there before; one that cannot be made here stays on paper."""
        part = self._directory / "part"
        try:
            with part.open("wb") as file:
                file.truncate(partition.size * SECTOR)
            self._run(disk_commands.make_filesystem(str(part), fields), b"", SECONDS)
            _copy(part, image, partition.start * SECTOR)
            return self._probe(str(image), partition.start * SECTOR, partition.size * SECTOR)
        except CommandFault:
            self.on_paper.append(f"partition {partition.number} in `{image.name}`: {fields.format}")
            return None
        finally:
            part.unlink(missing_ok=True)

    def _stretch(self, node: str) -> tuple[Path, int, int] | None:
        """The image that a node is in, its first byte there and its size; None for what lies on no image."""
        device = self.find(node)
        place = None if device is None else self._place(device.node)
        image = self.images.get(device.disk or device.node) if device is not None else None
        if device is None or place is None or image is None:
            return None
        return image, place[1], device.size

    def _do(self, command: Sequence[str], stdin: bytes = b"") -> bool:
        """Run a command; whether it is installed. What it refuses, a real machine would refuse."""
        try:
            self._run(command, stdin, SECONDS)
        except CommandFault as fault:
            if fault.status != MISSING:
                raise
            self.on_paper.append(f"`{command[0]}` is not installed")
            return False
        return True


def _names_a_path(option: str) -> bool:
    """Whether an option for mkfs leads to a file or a device of the machine that runs this, to read or to overwrite."""
    return "/" in option or any(part and os.path.lexists(part) for part in re.split("[=,:]", option))


def _script(table: Table) -> bytes:
    """A table as sfdisk(8) reads it."""
    lines = ["label: gpt", *([f"label-id: {table.guid}"] if table.guid else [])]
    for partition in table.partitions:
        name = "".join(letter for letter in partition.label if letter.isprintable() and letter not in '"\\')
        fields = {"start": partition.start, "size": partition.size, "type": partition.type_guid, "uuid": partition.guid}
        said = [f"{key}={value}" for key, value in fields.items() if value] + ([f'name="{name}"'] if name else [])
        lines.append(f"{partition.number} : {', '.join(said)}")
    return "".join(f"{line}\n" for line in lines).encode()


def _copy(part: Path, image: Path, start: int) -> None:
    """Copy the data of a sparse file into an image, from a byte on; holes stay what is there."""
    try:
        with part.open("rb") as source, image.open("r+b") as target:
            end = 0
            while True:
                try:
                    place = os.lseek(source.fileno(), end, os.SEEK_DATA)
                except OSError:  # ENXIO: no data after that
                    return
                end = os.lseek(source.fileno(), place, os.SEEK_HOLE)
                while place < end:
                    piece = os.pread(source.fileno(), min(CHUNK, end - place), place)
                    os.pwrite(target.fileno(), piece, start + place)
                    place += len(piece)
    except OSError as error:
        raise DeviceFault(f"cannot copy a file system to `{image}`: {error.strerror}") from error
