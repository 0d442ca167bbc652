"""The block devices of the machine that runs this: looked at by libblkid and the kernel, changed by their own tools.

Comes in: nodes and typed wishes. Goes out: what is there. What udev knows of a device is settled after every change,
where udev runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from stoker.system import block_kernel, disk_commands
from stoker.system.devices import Array, ArrayFields, Device, FilesystemFields, Signature, Volume, VolumeFields
from stoker.system.errors import CommandFault, DeviceFault
from stoker.system.gpt import Partition, Table, read_table

Run = Callable[[Sequence[str], bytes, float], bytes]

PROBE = ("blkid", "--probe", "--no-part-details", "--no-encoding", "--output", "export")
NOTHING, AMBIVALENT = 2, 8  # exit statuses of blkid(8)
UDEV = "/run/udev/control"
NAP = 0.05  # seconds between looks at a device that is awaited
LONG = 3600.0  # seconds that a tool may take for a large disk


class _Metadata(msgspec.Struct):
    """What is read of `cryptsetup luksDump --dump-json-metadata`."""

    class Config(msgspec.Struct):
        flags: list[str] = []

    config: Config


class _Signatures(msgspec.Struct):
    """What is read of `wipefs --json`."""

    class Row(msgspec.Struct):
        type: str
        uuid: str | None = None
        label: str | None = None

    signatures: list[Row]


class RealDevices:
    """Block devices that are changed for real. `patience` is how many seconds to wait for one that is not there."""

    def __init__(self, run: Run, patience: float = 0.0) -> None:
        self._run = run
        self._patience = patience
        self.volume_keys: dict[str, bytes] = {}

    # Looking

    def wait(self, paths: Sequence[str]) -> None:
        """See `BlockDevices.wait`."""
        deadline = time.monotonic() + self._patience
        while not all(map(block_kernel.device_at, paths)) and time.monotonic() < deadline:
            self._settle()
            time.sleep(NAP)

    def find(self, path: str) -> Device | None:
        """See `BlockDevices.find`."""
        return block_kernel.device_at(path)

    def table(self, disk: Device) -> Table | None:
        """See `BlockDevices.table`."""
        with _faults("read the partition table of", disk.node), open(disk.node, "rb") as file:
            return read_table(file, disk.size, disk.sector_size)

    def known_partitions(self, disk: Device) -> dict[int, tuple[int, int]]:
        """See `BlockDevices.known_partitions`."""
        with _faults("look up the partitions of", disk.node):
            return block_kernel.known_partitions(disk)

    def use(self, node: str) -> str:
        """See `BlockDevices.use`."""
        return block_kernel.use(node)

    def probe(self, node: str, start: int = 0, size: int = 0) -> Signature | None:
        """See `BlockDevices.probe`."""
        place = ["--offset", str(start), "--size", str(size)] if size else []
        try:
            found = _pairs(self._run([*PROBE, *place, node], b"", LONG).decode(errors="replace"))
        except CommandFault as fault:
            if fault.status == NOTHING:
                return None
            if fault.status != AMBIVALENT:
                raise
            return Signature("several", others=True) if size else self._first_signature(node)
        if not found.get("TYPE"):
            return None
        return Signature(found["TYPE"], found.get("LABEL", ""), found.get("UUID", ""))

    def _first_signature(self, node: str) -> Signature:
        """The first of several signatures that contradict each other."""
        text = self._run(["wipefs", "--json", node], b"", LONG)
        try:
            first = msgspec.json.decode(text, type=_Signatures).signatures[0]
        except (msgspec.DecodeError, IndexError) as error:
            raise DeviceFault(f"the signatures on `{node}` cannot be read: {error}") from error
        return Signature(first.type, first.label or "", first.uuid or "", others=True)

    def array(self, path: str) -> Array | None:
        """See `BlockDevices.array`."""
        device = self.find(path)
        found = device and block_kernel.array_of(device.node)
        return Array(*found) if found else None

    def volume(self, node: str) -> Volume | None:
        """See `BlockDevices.volume`."""
        found = self.probe(node)
        if found is None or found.type != "crypto_LUKS":
            return None
        try:
            self._run(["cryptsetup", "isLuks", node, "--type", "luks2"], b"", LONG)
        except CommandFault:
            return Volume(1, found.label, found.uuid)
        text = self._run(["cryptsetup", "luksDump", "--dump-json-metadata", node], b"", LONG)
        try:
            flags = msgspec.json.decode(text, type=_Metadata).config.flags
        except msgspec.DecodeError as error:
            raise DeviceFault(f"the header of the volume on `{node}` cannot be read: {error}") from error
        return Volume(2, found.label, found.uuid, tuple(flags))

    # Changing

    def wipe_table(self, disk: Device) -> None:
        """See `BlockDevices.wipe_table`. A damaged table makes sgdisk fail once, having destroyed it."""
        command = ["sgdisk", "--zap-all", disk.node]
        try:
            self._run(command, b"", LONG)
        except CommandFault:
            self._run(command, b"", LONG)

    def change_table(self, disk: Device, delete: Sequence[int], create: Sequence[Partition]) -> None:
        """See `BlockDevices.change_table`."""
        self._run(disk_commands.change_table(disk.node, delete, create), b"", LONG)

    def tell_kernel(self, disk: Device) -> None:
        """See `BlockDevices.tell_kernel`. udev may still look at what sgdisk wrote and keep a partition busy by it."""
        table = self.table(disk)
        partitions = table.partitions if table else ()
        wanted = {partition.number: (partition.start, partition.size) for partition in partitions}
        with _faults("set the partitions of", disk.node):
            for last in (False, False, True):
                self._settle()
                try:
                    block_kernel.set_partitions(disk, wanted)
                    break
                except DeviceFault:
                    if last:
                        raise
        self._trigger(disk.node)

    def wipe(self, node: str) -> None:
        """See `BlockDevices.wipe`."""
        self._run(["wipefs", "-a", node], b"", LONG)

    def make_filesystem(self, node: str, fields: FilesystemFields) -> None:
        """See `BlockDevices.make_filesystem`."""
        self._run(disk_commands.make_filesystem(node, fields), b"", LONG)
        self._trigger(node)

    def make_array(self, fields: ArrayFields) -> None:
        """See `BlockDevices.make_array`."""
        self._run(disk_commands.make_array(fields), b"", LONG)
        self._settle()
        self.wait([fields.path])

    def format_volume(self, node: str, fields: VolumeFields, key: bytes) -> None:
        """See `BlockDevices.format_volume`."""
        self._run(disk_commands.format_volume(node, fields), key, LONG)

    def open_volume(self, node: str, fields: VolumeFields, key: bytes) -> None:
        """See `BlockDevices.open_volume`."""
        self._run(disk_commands.open_volume(node, fields), key, LONG)
        self._trigger(node)

    def close_volume(self, name: str) -> None:
        """See `BlockDevices.close_volume`."""
        self._run(["cryptsetup", "luksClose", name], b"", LONG)

    def bind_volume(self, node: str, pin: str, config: str, key: bytes) -> None:
        """See `BlockDevices.bind_volume`."""
        self._run(disk_commands.bind_volume(node, pin, config), key, LONG)

    def unlock_volume(self, node: str, name: str) -> None:
        """See `BlockDevices.unlock_volume`."""
        self._run(disk_commands.unlock_volume(node, name), b"", LONG)
        self._trigger(node)

    def remove_key(self, node: str, key: bytes) -> None:
        """See `BlockDevices.remove_key`."""
        self._run(["cryptsetup", "luksRemoveKey", node, "-"], key, LONG)

    def mount(self, node: str, directory: str, format_: str, options: Sequence[str]) -> None:
        """See `BlockDevices.mount`."""
        self._run(disk_commands.mount(node, directory, format_, options), b"", LONG)

    def unmount(self, directory: str) -> None:
        """See `BlockDevices.unmount`."""
        self._run(["umount", directory], b"", LONG)

    def mounted(self, directory: str) -> str:
        """See `BlockDevices.mounted`."""
        place = os.path.realpath(directory)
        found = [source for source, at, _ in block_kernel.mounts() if at == place]
        source = found[-1] if found else ""
        return os.path.realpath(source) if source.startswith("/dev/") else source

    def _settle(self) -> None:
        if os.path.exists(UDEV):
            with suppress(CommandFault):  # it is waited for what is needed, and that is looked for afterwards
                self._run(["udevadm", "settle"], b"", LONG)

    def _trigger(self, node: str) -> None:
        """Wait until udev has seen a device as it is now: an event of our own comes after all that are under way."""
        if os.path.exists(UDEV):
            self._run(["udevadm", "trigger", "--settle", node], b"", LONG)


def _pairs(text: str) -> dict[str, str]:
    """The lines `KEY=value` of `blkid --output export`; unsafe characters come escaped by a backslash."""
    rows = (line.partition("=") for line in text.splitlines())
    return {key: value.replace("\\", "") for key, _, value in rows}


@contextmanager
def _faults(verb: str, node: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeviceFault(f"cannot {verb} `{node}`: {os.strerror(error.errno or 0).lower()}") from error
