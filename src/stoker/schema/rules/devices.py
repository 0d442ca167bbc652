"""Rules for disks, file systems, arrays and encrypted devices. Source: Ignition's `types/` of 3.0-3.7."""

from __future__ import annotations

import re
from typing import Final

from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.features import NUMBERS_BESIDE_ABSENT
from stoker.schema.marks import bare, since
from stoker.schema.rules import Say, rule
from stoker.schema.rules.nodes import check_path
from stoker.schema.rules.resources import url_fault
from stoker.schema.urls import parse_url
from stoker.schema.v3 import Clevis, ClevisCustom, Disk, Filesystem, Luks, Partition, Raid, Tang

GUID: Final = re.compile(r"(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?")
FORMATS: Final = {
    **dict.fromkeys(("ext4", "btrfs", "xfs", "swap", "vfat"), since("3.0")),
    "none": since("3.3"),
    "virtiofs": bare("3.7"),
}
# Longest label in bytes: mkfs.ext4(8), mkfs.btrfs(8), mkfs.xfs(8), mkfs.fat(8); mkswap cuts at 15.
LABELS: Final = {"ext4": 16, "btrfs": 256, "xfs": 12, "swap": 15, "vfat": 11}
STRIPED: Final = frozenset({"linear", "raid0", "0", "stripe"})
LEVELS: Final = STRIPED | {"raid1", "1", "mirror", "raid4", "4", "raid5", "5", "raid6", "6", "raid10", "10"}


@rule(Disk)
def disk(disk: Disk, at: Pointer, say: Say) -> None:
    """A disk has a device, and partitions that do not get into each other's way."""
    if not disk.device:
        say.error(m.DEVICE_REQUIRED, (*at, "device"))
        return
    check_path(disk.device, (*at, "device"), say)
    for found, message in (
        (_same_number(disk.partitions), m.NUMBERS_COLLIDE),
        (_overlap(disk.partitions), m.PARTITIONS_OVERLAP),
    ):
        if found is not None:
            say.error(message, (*at, "partitions", found))
    if NUMBERS_BESIDE_ABSENT.has(say.spec) and _mixes_absent(disk.partitions):
        say.error(m.NUMBERLESS_WITH_ABSENT, (*at, "partitions"))
    same_label = _same_label(disk.partitions)
    if same_label is not None:
        say.error(m.LABELS_COLLIDE, (*at, "partitions", same_label))


def _mixes_absent(partitions: list[Partition]) -> bool:
    return any(not one.number for one in partitions) and any(one.should_exist is False for one in partitions)


def _same_number(partitions: list[Partition]) -> int | None:
    seen: set[int] = set()
    for index, partition in enumerate(partitions):
        if partition.number and partition.number in seen:
            return index
        seen.add(partition.number)
    return None


def _same_label(partitions: list[Partition]) -> int | None:
    seen: set[str] = set()
    for index, partition in enumerate(partitions):
        if partition.label is not None:
            if partition.label in seen:
                return index
            seen.add(partition.label)
    return None


def _overlap(partitions: list[Partition]) -> int | None:
    """The index of a partition that another one, both with a given start and size, reaches into.

    A size of 0 fills what is free, so only the start is known. Sorted first, so that a long list costs little.
    """
    spans = [
        (start, start + size - 1 if size else start, index)
        for index, partition in enumerate(partitions)
        if (start := partition.start_mib) and (size := partition.size_mib) is not None
    ]
    conflicts: set[int] = set()
    furthest = (-1, -1)
    for start, end, index in sorted(spans):
        if start <= furthest[0]:
            conflicts |= {index, furthest[1]}
        furthest = max(furthest, (end, index))
    for start, end, index in spans:
        if index in conflicts:
            others = (span for span in spans if span[2] != index)
            return next((other[2] for other in others if other[0] <= end and start <= other[1]), None)
    return None


@rule(Partition)
def partition(partition: Partition, at: Pointer, say: Say) -> None:
    """A partition has a number or a label; one that shall not exist has nothing else."""
    given = (partition.label, partition.start_mib, partition.size_mib)
    if partition.should_exist is False and (
        any(value is not None for value in given) or partition.type_guid or partition.guid
    ):
        say.error(m.NOT_EXIST_WITH_OTHERS, at)
    if partition.number == 0 and partition.label is None:
        say.error(m.LABEL_OR_NUMBER, at)
    if partition.label is not None:
        if len(partition.label.encode("utf-8", "replace")) > 36:
            say.error(m.PARTITION_LABEL_LONG, (*at, "label"))
        elif ":" in partition.label:
            say.error(m.PARTITION_LABEL_COLON, (*at, "label"))
    for name, guid in (("guid", partition.guid), ("typeGuid", partition.type_guid)):
        if guid is not None and not GUID.fullmatch(guid):
            say.error(m.NOT_A_GUID, (*at, name))


def _is_virtiofs(filesystem: Filesystem) -> bool:
    return filesystem.format == "virtiofs"


@rule(Filesystem)
def filesystem_path(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """Where it is mounted."""
    if filesystem.path:
        check_path(filesystem.path, (*at, "path"), say)


@rule(Filesystem, until="3.7")
def filesystem_device(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """What it is on."""
    check_path(filesystem.device, (*at, "device"), say)


@rule(Filesystem, "3.7")
def filesystem_device_or_tag(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """What it is on; a virtiofs has a tag of at most 36 bytes (Virtual I/O Device specification 1.2, 5.11.4)."""
    if not _is_virtiofs(filesystem):
        check_path(filesystem.device, (*at, "device"), say)
    elif not filesystem.device:
        say.error(m.NO_DEVICE, (*at, "device"))
    elif len(filesystem.device.encode("utf-8", "replace")) > 36:
        say.error(m.VIRTIOFS_TAG_LONG, (*at, "device"))


@rule(Filesystem)
def filesystem_format(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """A known format; whatever else is said needs one."""
    if filesystem.format:
        dates = FORMATS.get(filesystem.format)
        if dates is None or not dates.has(say.spec):
            say.error(m.INVALID_FORMAT, (*at, "format"))
        return
    others = (filesystem.path, filesystem.label, filesystem.uuid, filesystem.wipe_filesystem)
    if any(others) or filesystem.mount_options or filesystem.options:
        say.error(m.FORMAT_REQUIRED, (*at, "format"))


@rule(Filesystem)
def filesystem_label(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """Labels are as long as their format takes."""
    if not filesystem.label:
        return
    if not filesystem.format:
        say.error(m.LABEL_WITHOUT_FORMAT, (*at, "label"))
    limit = LABELS.get(filesystem.format or "")
    if limit is not None and len(filesystem.label.encode("utf-8", "replace")) > limit:
        say.error(m.LABEL_LONG, (*at, "label"), limit=limit, format=filesystem.format)


@rule(Filesystem, "3.7")
def virtiofs_is_no_device(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """A virtiofs is not made, so what making takes is not given."""
    if not _is_virtiofs(filesystem):
        return
    for name, value, message in (
        ("label", filesystem.label, m.VIRTIOFS_LABEL),
        ("uuid", filesystem.uuid, m.VIRTIOFS_UUID),
        ("wipeFilesystem", filesystem.wipe_filesystem, m.VIRTIOFS_WIPE),
        ("options", filesystem.options, m.VIRTIOFS_OPTIONS),
    ):
        if value:
            say.error(message, (*at, name))


@rule(Raid, "3.3")
def raid_level_given(raid: Raid, at: Pointer, say: Say) -> None:
    """An array has a level."""
    if not raid.level:
        say.error(m.RAID_LEVEL_REQUIRED, (*at, "level"))
    else:
        raid_level(raid, at, say)


@rule(Raid, until="3.3")
def raid_level(raid: Raid, at: Pointer, say: Say) -> None:
    """The levels there are."""
    if raid.level in STRIPED and raid.spares:
        say.error(m.RAID_SPARES, (*at, "level"))
    elif raid.level not in LEVELS:
        say.error(m.RAID_LEVEL_UNKNOWN, (*at, "level"))


@rule(Raid)
def raid_devices(raid: Raid, at: Pointer, say: Say) -> None:
    """An array has devices, and each is a path."""
    if not raid.devices:
        say.error(m.RAID_DEVICES_REQUIRED, (*at, "devices"))
    for index, device in enumerate(raid.devices):
        check_path(device, (*at, "devices", index), say)


@rule(Luks)
def luks(luks: Luks, at: Pointer, say: Say) -> None:
    """An encrypted device has a name, a device and a key that can be fetched."""
    if "/" in luks.name:
        say.error(m.LUKS_NAME_SLASH, (*at, "name"))
    if luks.label and len(luks.label.encode("utf-8", "replace")) > 47:
        say.error(m.LUKS_LABEL_LONG, (*at, "label"))
    if not luks.device:
        say.error(m.DEVICE_REQUIRED, (*at, "device"))
    else:
        check_path(luks.device, (*at, "device"), say)


def _has_other_pins(clevis: Clevis) -> bool:
    return bool(clevis.tang or clevis.tpm2 or clevis.threshold)


@rule(Luks, until="3.3")
def custom_alone_old(luks: Luks, at: Pointer, say: Say) -> None:
    """A custom pin stands alone."""
    clevis = luks.clevis
    if clevis is not None and clevis.custom is not None and _has_other_pins(clevis):
        say.error(m.CLEVIS_CUSTOM_WITH_OTHERS, (*at, "clevis"))


@rule(Luks, "3.3")
def custom_alone(luks: Luks, at: Pointer, say: Say) -> None:
    """A custom pin stands alone."""
    clevis = luks.clevis
    if clevis is not None and clevis.custom is not None and clevis.custom.pin and _has_other_pins(clevis):
        say.error(m.CLEVIS_CUSTOM_WITH_OTHERS, (*at, "clevis"))


def _luks_key_source(luks: Luks) -> str | None:
    return luks.key_file.source if luks.key_file is not None else None


@rule(Luks)
def key_file(luks: Luks, at: Pointer, say: Say) -> None:
    """The key's URL; the reference names it `keys`."""
    source = _luks_key_source(luks)
    if source and url_fault(source, say.spec):
        say.error(m.LUKS_KEY_FILE, (*at, "keys"))


@rule(Luks, "3.5")
def cex_alone(luks: Luks, at: Pointer, say: Say) -> None:
    """A key in a card is the only one."""
    if luks.cex is None or not luks.cex.enabled:
        return
    clevis = luks.clevis
    if clevis is not None and ((clevis.custom is not None and clevis.custom.pin) or _has_other_pins(clevis)):
        say.error(m.CEX_WITH_CLEVIS, (*at, "cex"))
    if _luks_key_source(luks):
        say.error(m.CEX_WITH_KEY_FILE, (*at, "cex"))


@rule(ClevisCustom, until="3.3")
def oldest_pin(custom: ClevisCustom, at: Pointer, say: Say) -> None:
    """A pin and its configuration, when both were plain strings."""
    if custom.pin or custom.config:
        if custom.pin not in {"tpm2", "tang", "sss"}:
            say.error(m.CLEVIS_PIN_UNKNOWN, (*at, "pin"))
        _check_pin_config(custom, at, say)


@rule(ClevisCustom, "3.3", "3.6")
def known_pin(custom: ClevisCustom, at: Pointer, say: Say) -> None:
    """A pin out of three, and its configuration."""
    if custom.pin or custom.config or custom.needs_network:
        if not custom.pin:
            say.error(m.CLEVIS_PIN_REQUIRED, (*at, "pin"))
        elif custom.pin not in {"tpm2", "tang", "sss"}:
            say.error(m.CLEVIS_PIN_UNKNOWN, (*at, "pin"))
        _check_pin_config(custom, at, say)


@rule(ClevisCustom, "3.6")
def any_pin(custom: ClevisCustom, at: Pointer, say: Say) -> None:
    """Any pin, and its configuration."""
    if custom.pin or custom.config or custom.needs_network:
        if not custom.pin:
            say.error(m.CLEVIS_PIN_REQUIRED, (*at, "pin"))
        _check_pin_config(custom, at, say)


def _check_pin_config(custom: ClevisCustom, at: Pointer, say: Say) -> None:
    if not custom.config:
        say.error(m.CLEVIS_CONFIG_REQUIRED, (*at, "config"))


@rule(Tang, "3.2")
def tang(tang: Tang, at: Pointer, say: Say) -> None:
    """A tang server is reached by http and known by a thumbprint."""
    url = parse_url(tang.url)
    if url is None:
        say.error(m.INVALID_URL, (*at, "url"))
    elif url.scheme not in {"http", "https"}:
        say.error(m.INVALID_SCHEME, (*at, "url"))
    if not tang.thumbprint:
        say.error(m.TANG_THUMBPRINT, (*at, "thumbprint"))


@rule(Tang, "3.4")
def tang_advertisement(tang: Tang, at: Pointer, say: Say) -> None:
    """An advertisement is JSON."""
    if tang.advertisement:
        import json  # noqa: PLC0415 -- 1 ms that only an advertisement pays

        try:
            json.loads(tang.advertisement, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            say.error(m.TANG_ADVERTISEMENT, (*at, "advertisement"))


def _refuse_constant(text: str) -> None:
    raise ValueError(text)
