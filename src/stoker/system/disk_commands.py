"""Command lines for disks: in go typed wishes, out come arguments of the tools for them, in Ignition's order.

Nothing is run here. A key is never among the arguments: every tool reads it from its standard input.

Sources: sgdisk(8), wipefs(8), mkfs.btrfs(8), mkfs.ext4(8), mkfs.xfs(8), mkfs.fat(8), mkswap(8), mdadm(8),
cryptsetup(8), clevis-luks-bind(1), mount(8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stoker.system.devices import ArrayFields, FilesystemFields, VolumeFields
from stoker.system.errors import Hidden
from stoker.system.gpt import Partition

# format -> tool, what makes it overwrite, how it takes a UUID, how it takes a label
_TOOLS: dict[str, tuple[str, tuple[str, ...], tuple[str, str], str]] = {
    "btrfs": ("mkfs.btrfs", ("--force",), ("-U", ""), "-L"),
    "ext4": ("mkfs.ext4", ("-F",), ("-U", ""), "-L"),
    "xfs": ("mkfs.xfs", ("-f",), ("-m", "uuid="), "-L"),
    "swap": ("mkswap", ("-f",), ("-U", ""), "-L"),
    "vfat": ("mkfs.fat", (), ("-i", ""), "-n"),
}


def change_table(node: str, delete: Sequence[int], create: Sequence[Partition]) -> list[str]:
    """Arguments of sgdisk: all deletions before all creations. An empty label or GUID leaves it to sgdisk."""
    return ["sgdisk", *(f"--delete={number}" for number in delete), *_creations(create), node]


def _creations(partitions: Sequence[Partition]) -> Iterator[str]:
    for partition in partitions:
        number = partition.number
        yield f"--new={number}:{partition.start}:+{partition.size}"
        if partition.label:
            yield f"--change-name={number}:{partition.label}"
        if partition.type_guid:
            yield f"--typecode={number}:{partition.type_guid}"
        if partition.guid:
            yield f"--partition-guid={number}:{partition.guid}"


def can_make(format_: str) -> bool:
    """Whether there is a tool that makes such a file system."""
    return format_ in _TOOLS


def make_filesystem(node: str, fields: FilesystemFields) -> list[str]:
    """Arguments of the tool that makes the file system; `none` and virtiofs have none."""
    tool, force, (uuid_flag, uuid_prefix), label_flag = _TOOLS[fields.format]
    arguments = [tool, *fields.options, *force]
    if fields.uuid is not None:
        arguments += [uuid_flag, uuid_prefix + fields.uuid]
    if fields.label is not None:
        arguments += [label_flag, fields.label]
    return [*arguments, node]


def make_array(fields: ArrayFields) -> list[str]:
    """Arguments of mdadm. Any host may assemble the array: on first boot the machine has no name yet."""
    arguments = ["mdadm", "--create", fields.name, "--force", "--run", "--homehost", "any", "--level", fields.level]
    arguments += ["--raid-devices", str(len(fields.devices) - fields.spares)]
    if fields.spares:
        arguments += ["--spare-devices", str(fields.spares)]
    return [*arguments, *fields.options, *fields.devices]


def format_volume(node: str, fields: VolumeFields) -> list[str]:
    """Arguments of cryptsetup for a new volume."""
    arguments = ["cryptsetup", "luksFormat", "--type", "luks2", "--key-file", "-"]
    if fields.label:
        arguments += ["--label", fields.label]
    if fields.uuid:
        arguments += ["--uuid", fields.uuid]
    return [*arguments, *fields.options, node]


def open_volume(node: str, fields: VolumeFields) -> list[str]:
    """Arguments of cryptsetup to open a volume. `--persistent` keeps the flags, which clevis could not give later."""
    arguments = ["cryptsetup", "luksOpen", node, fields.name, "--key-file", "-", "--persistent"]
    return [*arguments, *(["--allow-discards"] if fields.discard else []), *fields.open_options]


def bind_volume(node: str, pin: str, config: str) -> list[str]:
    """Arguments of clevis to bind a volume to a pin. It takes the configuration of the pin in no other way."""
    return ["clevis", "luks", "bind", "-f", "-k", "-", "-d", node, pin, Hidden(config)]


def unlock_volume(node: str, name: str) -> list[str]:
    """Arguments of clevis to open a volume."""
    return ["clevis", "luks", "unlock", "-d", node, "-n", name]


def mount(node: str, directory: str, format_: str, options: Sequence[str]) -> list[str]:
    """Arguments of mount."""
    return ["mount", "-o", ",".join(options), "-t", format_, node, directory]
