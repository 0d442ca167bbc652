"""The disk the machine boots from, and who may change what its boot loader does.

In goes the work; afterwards the generated disks, arrays, volumes and file systems lie below what the person wrote, so
that the person's own entries for the same device or label win. The layouts are those of the Fedora CoreOS image; they
must never change, since the OS relies on their offsets.
"""

from __future__ import annotations

from typing import Final

from stoker.butane.origins import Origin
from stoker.butane.work import Work
from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.features import RESERVED_LABELS, ROOT_SIZE
from stoker.schema.v3 import (
    BootDeviceLuks,
    Cex,
    Clevis,
    Config,
    Disk,
    File,
    Filesystem,
    Grub,
    Ignition,
    Luks,
    Partition,
    Raid,
    Resource,
    Storage,
)

# Name, size in MiB and type of the partitions before `boot` and `root`, by layout.
_RESERVED: Final = ("reserved", 1, "8DA63339-0007-60C0-C436-083AC8230908")
_BIOS: Final = ("bios", 1, "21686148-6449-6E6F-744E-656564454649")
_PREP: Final = ("prep", 4, "9E1A2D38-C612-4316-AA26-8B49521E5A8B")
_ESP: Final = ("esp", 127, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
_LAYOUTS: Final = {
    None: (_BIOS, _ESP),
    "x86_64": (_BIOS, _ESP),
    "aarch64": (_RESERVED, _ESP),
    "ppc64le": (_PREP, _RESERVED),
}
_OTHER_LAYOUT: Final = (_RESERVED, _RESERVED)
_BOOT_SIZE: Final = 384
_ROOT_MINIMUM: Final = 8192
# The partition of the OS image that holds the root file system, where it is named after the disk.
_ROOT_PARTITION: Final = {"s390x-eckd": "2", "s390x-zfcp": "4"}
_NUMBERS: Final = {"BIOS-BOOT": 1, "PowerPC-PReP-boot": 1, "EFI-SYSTEM": 2, "boot": 3, "root": 4}

Made = dict[Pointer, Origin]


def lower_boot_device(work: Work) -> None:
    """Generate mirroring and encryption."""
    boot = work.source.boot_device
    if boot is None:
        return
    luks = boot.luks or BootDeviceLuks()
    devices = boot.mirror.devices if boot.mirror is not None else []
    has_cex = luks.cex is not None and bool(luks.cex.enabled)
    encrypts = bool(luks.tpm2 or luks.tang or has_cex)
    if not (encrypts or devices):
        return
    storage = Storage()
    here: Pointer = ("boot_device",)
    made: Made = {("storage",): Origin(here)}
    if devices:
        _mirror(storage, made, devices, _LAYOUTS.get(boot.layout, _OTHER_LAYOUT))
    root = "/dev/md/md-root"
    if encrypts:
        partition = _ROOT_PARTITION.get(boot.layout or "")
        inner = "/dev/md/md-root" if devices else "/dev/disk/by-partlabel/root"
        _encrypt(storage, made, luks, (luks.device or "") + partition if partition else inner, has_cex=has_cex)
        root = "/dev/mapper/root"
    made["storage", "filesystems", len(storage.filesystems)] = Origin(here)
    made["storage", "filesystems"] = Origin(here)
    storage.filesystems.append(Filesystem(device=root, format="xfs", label="root", wipe_filesystem=True))
    work.merge_below(Config(ignition=Ignition(version=""), storage=storage), made)


def _mirror(storage: Storage, made: Made, devices: list[str], layout: tuple[tuple[str, int, str], ...]) -> None:
    here: Pointer = ("boot_device", "mirror")
    for index, device in enumerate(devices):
        number, origin = index + 1, Origin((*here, "devices", index))
        partitions = [Partition(label=f"{name}-{number}", size_mib=size, type_guid=guid) for name, size, guid in layout]
        partitions.append(Partition(label=f"boot-{number}", size_mib=_BOOT_SIZE))
        partitions.append(Partition(label=f"root-{number}"))
        made["storage", "disks", index] = origin
        storage.disks.append(Disk(device=device, wipe_table=True, partitions=partitions))
        if _ESP in layout:
            made["storage", "filesystems", len(storage.filesystems)] = origin
            label = f"esp-{number}"
            path = f"/dev/disk/by-partlabel/{label}"
            storage.filesystems.append(Filesystem(device=path, format="vfat", label=label, wipe_filesystem=True))
    made["storage", "disks"] = Origin((*here, "devices"))
    made["storage", "raid"] = Origin(here)
    made["storage", "filesystems", len(storage.filesystems)] = Origin(here)
    # The boot array keeps its superblock at the end, so that a boot loader that knows no arrays can read it.
    storage.raid = [_array("boot", len(devices), ["--metadata=1.0"]), _array("root", len(devices), [])]
    storage.filesystems.append(Filesystem(device="/dev/md/md-boot", format="ext4", label="boot", wipe_filesystem=True))


def _array(name: str, count: int, options: list[str]) -> Raid:
    devices = [f"/dev/disk/by-partlabel/{name}-{number}" for number in range(1, count + 1)]
    return Raid(name=f"md-{name}", level="raid1", devices=devices, options=options)


def _encrypt(storage: Storage, made: Made, luks: BootDeviceLuks, device: str, *, has_cex: bool) -> None:
    here: Pointer = ("boot_device", "luks")
    volume: Pointer = ("storage", "luks", 0)
    made["storage", "luks"] = made[volume] = Origin(here)
    made[*volume, "discard"] = Origin((*here, "discard"))
    root = Luks(name="root", label="luks-root", device=device, discard=luks.discard, wipe_volume=True)
    if has_cex:
        root.cex = Cex(enabled=True)
        made[*volume, "cex"] = Origin((*here, "cex"))
        made[*volume, "cex", "enabled"] = Origin((*here, "cex", "enabled"))
    else:
        root.clevis = Clevis(tang=luks.tang, threshold=luks.threshold, tpm2=luks.tpm2)
        for name in ("tang", "threshold", "tpm2"):
            made[*volume, "clevis", name] = Origin((*here, name), whole=True)
    storage.luks = [root]


def check_partitions(work: Work) -> None:
    """Warn where a partition of the OS image is cramped or misnumbered."""
    checks_size = ROOT_SIZE.has(work.spec)
    if work.config.storage is None or not RESERVED_LABELS.has(work.spec):
        return
    for index, disk in enumerate(work.config.storage.disks):
        for number, partition in enumerate(disk.partitions):
            here = ("storage", "disks", index, "partitions", number)
            if partition.label == "root" and checks_size:
                _check_root(work, disk, number, here)
            if not disk.wipe_table and partition.number != _NUMBERS.get(partition.label or "", partition.number):
                work.found.warn(m.WRONG_NUMBER, (*here, "label"))


def _check_root(work: Work, disk: Disk, number: int, here: Pointer) -> None:
    size = disk.partitions[number].size_mib
    if not size:
        others = (other for index, other in enumerate(disk.partitions) if index != number)
        if any(not other.start_mib for other in others):
            work.found.warn(m.ROOT_CONSTRAINED, (*here, "label"))
    elif size < _ROOT_MINIMUM:
        work.found.warn(m.ROOT_TOO_SMALL, (*here, "size_mib"))


def lower_grub(work: Work) -> None:
    """Generate the boot loader's users."""
    grub = work.source.grub
    if grub is None or not grub.users:
        return
    contents = Resource()
    work.fill(contents, _grub_config(grub).encode("utf-8", "surrogateescape"))
    boot = Filesystem(device="/dev/disk/by-label/boot", format="ext4", path="/boot")
    file = File(path="/boot/grub2/user.cfg", append=[contents])
    storage = Storage(filesystems=[boot], files=[file])
    work.merge_below(Config(ignition=Ignition(version=""), storage=storage), {("storage",): Origin(("grub", "users"))})


def _grub_config(grub: Grub) -> str:
    names = " ".join(user.name for user in grub.users)
    commands = "\n".join(f"password_pbkdf2 {user.name} {user.password_hash}" for user in grub.users)
    return f'# Generated by Butane\n\nset superusers="{names}"\n{commands}\n'
