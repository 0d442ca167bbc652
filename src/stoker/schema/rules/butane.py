"""Rules of the Butane language: what a person wrote, before sugar is lowered. Source: Butane 0.29's `validate.go`."""

from __future__ import annotations

import re
from typing import Final

from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.rules import Say, source_rule
from stoker.schema.v3 import (
    BootDevice,
    BootDeviceLuks,
    BootDeviceMirror,
    Config,
    Directory,
    Dropin,
    File,
    Filesystem,
    GrubUser,
    Luks,
    Metadata,
    OpenShift,
    Quadlet,
    Resource,
    Tang,
    Tree,
    Unit,
)

ROLE: Final = "machineconfiguration.openshift.io/role"
CEX_KEY: Final = "rd.luks.key=/etc/luks/cex.key"
BOOT_DISK: Final = "/dev/disk/by-id/coreos-boot-disk"
LAYOUTS: Final = frozenset({"aarch64", "ppc64le", "x86_64"})
LAYOUTS_S390X: Final = frozenset({"s390x-eckd", "s390x-virt", "s390x-zfcp"})
QUADLETS: Final = (".container", ".volume", ".network", ".kube", ".image", ".build", ".pod", ".artifact")

_MOUNT_POINTS: Final = re.compile(r"/(etc|var)(/|\Z)")
_WHOLE_DISKS: Final = {"s390x-eckd": re.compile(r"/dev/dasd[a-z]\Z"), "s390x-zfcp": re.compile(r"/dev/sd[a-z]\Z")}


@source_rule(Resource)
def one_source(resource: Resource, at: Pointer, say: Say) -> None:
    """Contents come from one place."""
    given = [name for name in ("local", "inline", "source") if getattr(resource, name) is not None]
    if len(given) > 1:
        say.error(m.TOO_MANY_SOURCES, (*at, given[-1]))


@source_rule(Unit, "3.4")
@source_rule(Dropin, "3.4")
def one_text(thing: Unit | Dropin | Quadlet, at: Pointer, say: Say) -> None:
    """A text comes from one place."""
    if thing.contents is not None and thing.contents_local is not None:
        say.error(m.TOO_MANY_CONTENTS, (*at, "contents_local"))


@source_rule(Directory)
def directory_mode(directory: Directory, at: Pointer, say: Say) -> None:
    """A mode written in decimal by mistake."""
    if directory.mode is not None and is_decimal_mistake(directory.mode, is_directory=True):
        say.warn(m.DECIMAL_MODE, (*at, "mode"))


@source_rule(File)
def file_mode(file: File, at: Pointer, say: Say) -> None:
    """A mode written in decimal by mistake."""
    if file.mode is not None and is_decimal_mistake(file.mode, is_directory=False):
        say.warn(m.DECIMAL_MODE, (*at, "mode"))


def is_decimal_mistake(mode: int, *, is_directory: bool) -> bool:
    """Whether a mode makes no sense as it is but would if its decimal digits were octal ones."""
    if not 0 <= mode <= 7777 or not set(str(mode)) <= set("01234567"):
        return False
    return not is_typical_mode(mode, is_directory) and is_typical_mode(int(str(mode), 8), is_directory)


def is_typical_mode(mode: int, is_directory: bool) -> bool:
    """Whether a person would write this mode: who owns may do what others may, and reading comes before the rest."""
    if mode == 0:
        return True
    others = 0
    for shift in (0, 3, 6):
        bits = mode >> shift & 0o7
        if others & ~bits or (bits and not bits & 4) or (bits & 1 and others & 4 and not others & 1):
            return False
        others |= bits
    if not others & 4:
        return False
    if is_directory:
        return bool(others & 1) and not mode & 0o4000 and not (mode & 0o3000 and not others & 2)
    if mode & 0o6000 and (not others & 1 or mode & 2):
        return False
    return not mode & 0o1000


@source_rule(Filesystem, "3.1", "3.3")
def old_mount_unit(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """A mount unit needs a path and a format."""
    if filesystem.with_mount_unit:
        if not filesystem.path:
            say.error(m.MOUNT_UNIT_PATH, (*at, "path"))
        if not filesystem.format:
            say.error(m.MOUNT_UNIT_FORMAT, (*at, "format"))


@source_rule(Filesystem, "3.3")
def mount_unit(filesystem: Filesystem, at: Pointer, say: Say) -> None:
    """A mount unit needs a format, and a path unless it is a swap unit."""
    if filesystem.with_mount_unit:
        if not filesystem.format:
            say.error(m.MOUNT_UNIT_FORMAT, (*at, "format"))
        elif filesystem.format != "swap" and not filesystem.path:
            say.error(m.MOUNT_UNIT_PATH, (*at, "path"))


@source_rule(Tree)
def tree(tree: Tree, at: Pointer, say: Say) -> None:
    """A tree is somewhere."""
    if not tree.local:
        say.error(m.TREE_WITHOUT_LOCAL, at)


def template_of(name: str) -> str | None:
    """The template an instance is made of: `x@.container` for `x@one.container`; None for anything else."""
    at, dot = name.find("@"), name.rfind(".")
    if at < 0 or dot < 0 or at + 1 == dot:
        return None
    return f"{name[:at]}@.{name[dot + 1 :]}"


@source_rule(Quadlet)
def quadlet(quadlet: Quadlet, at: Pointer, say: Say) -> None:
    """A quadlet has a known suffix; an instance has no text, since it is a link to its template."""
    if not quadlet.name.endswith(QUADLETS):
        say.error(m.QUADLET_SUFFIX, (*at, "name"))
    elif template_of(quadlet.name) is None:
        one_text(quadlet, at, say)
    else:
        for name in ("contents", "contents_local"):
            if getattr(quadlet, name) is not None:
                say.error(m.QUADLET_INSTANCE, (*at, name))


@source_rule(Config, fcos="1.6")
def reuse_by_label(config: Config, at: Pointer, say: Say) -> None:
    """On a disk that is kept, a partition is found by its number."""
    if config.storage is None:
        return
    boot = config.boot_device
    mirrors = set(boot.mirror.devices) if boot is not None and boot.mirror is not None else set()
    for index, disk in enumerate(config.storage.disks):
        if disk.device == BOOT_DISK or disk.wipe_table or disk.device in mirrors:
            continue
        for number, partition in enumerate(disk.partitions):
            if partition.number == 0 and partition.label is not None:
                say.warn(m.REUSE_BY_LABEL, (*at, "storage", "disks", index, "partitions", number, "number"))


@source_rule(Config, fcos="1.6")
def mount_points(config: Config, at: Pointer, say: Say) -> None:
    """On this OS only /etc and /var can be mounted over."""
    for index, filesystem in enumerate(config.storage.filesystems if config.storage is not None else ()):
        path = filesystem.path
        if path is not None and filesystem.with_mount_unit and not _MOUNT_POINTS.match(path):
            say.error(m.MOUNT_POINT_FORBIDDEN, (*at, "storage", "filesystems", index, "path"))


@source_rule(Config, openshift="4.19")
def cex_argument(config: Config, at: Pointer, say: Say) -> None:
    """The kernel must be told where the card's key is."""
    arguments = config.openshift.kernel_arguments if config.openshift is not None else []
    if CEX_KEY in arguments:
        return
    luks = config.boot_device.luks if config.boot_device is not None else None
    volumes = config.storage.luks if config.storage is not None else []
    if luks is not None and _has_cex(luks):
        say.error(m.CEX_ARGUMENT, (*at, "openshift", "kernel_arguments"))
    if any(_has_cex(volume) and volume.name == "root" for volume in volumes):
        say.error(m.CEX_ARGUMENT, (*at, "openshift", "kernel_arguments"))


def _has_cex(luks: Luks | BootDeviceLuks) -> bool:
    return luks.cex is not None and bool(luks.cex.enabled)


@source_rule(BootDevice, until="3.6")
def mirror_should_have_layout(boot: BootDevice, at: Pointer, say: Say) -> None:
    """A mirror depends on the layout; x86_64 was taken for granted."""
    if boot.layout is None and boot.mirror is not None and boot.mirror.devices:
        say.warn(m.MIRROR_WITHOUT_LAYOUT, (*at, "mirror"))


@source_rule(BootDevice, "3.6")
def mirror_needs_layout(boot: BootDevice, at: Pointer, say: Say) -> None:
    """A mirror depends on the layout."""
    if boot.layout is None and boot.mirror is not None and boot.mirror.devices:
        say.error(m.MIRROR_WITHOUT_LAYOUT, (*at, "mirror"))


@source_rule(BootDevice, until="3.5")
def old_layout(boot: BootDevice, at: Pointer, say: Say) -> None:
    """The layouts there are."""
    if boot.layout is not None and boot.layout not in LAYOUTS:
        say.error(m.LAYOUT_UNKNOWN_OLD, (*at, "layout"))
    _check_mirror_again(boot, at, say)


@source_rule(BootDevice, "3.5")
def layout(boot: BootDevice, at: Pointer, say: Say) -> None:
    """The layouts there are, and what goes with each."""
    layout = boot.layout
    luks = boot.luks or BootDeviceLuks()
    if layout in _WHOLE_DISKS:
        if not luks.device:
            say.error(m.LUKS_DEVICE_REQUIRED, (*at, "layout"))
        elif not _WHOLE_DISKS[layout].search(luks.device):
            say.error(m.LUKS_DEVICE_NAME, (*at, "layout"))
    elif layout is not None and layout not in LAYOUTS | LAYOUTS_S390X:
        say.error(m.LAYOUT_UNKNOWN, (*at, "layout"))
    is_s390x = layout is not None and layout.startswith("s390x")
    if is_s390x and boot.mirror is not None and boot.mirror.devices:
        say.error(m.MIRROR_UNSUPPORTED, (*at, "layout"))
    if _has_cex(luks):
        if not is_s390x:
            say.error(m.CEX_ARCHITECTURE, (*at, "luks", "cex") if layout is None else (*at, "layout"))
        if luks.tang or luks.tpm2:
            say.error(m.CEX_WITH_CLEVIS, (*at, "luks"))
    _check_mirror_again(boot, at, say)


def _check_mirror_again(boot: BootDevice, at: Pointer, say: Say) -> None:
    """The reference checks the mirror from here and once more on its way down."""
    if boot.mirror is not None:
        mirror(boot.mirror, (*at, "mirror"), say)


@source_rule(BootDeviceLuks, "3.6")
def luks_method(luks: BootDeviceLuks, at: Pointer, say: Say) -> None:
    """A device that is encrypted is unlocked somehow."""
    if luks.device and not (any(server != Tang() for server in luks.tang) or luks.tpm2 or _has_cex(luks)):
        say.error(m.NO_LUKS_METHOD, (*at, "luks"))


@source_rule(BootDeviceMirror)
def mirror(mirror: BootDeviceMirror, at: Pointer, say: Say) -> None:
    """A mirror has two sides."""
    if len(mirror.devices) == 1:
        say.error(m.MIRROR_TOO_FEW, (*at, "devices"))


@source_rule(GrubUser)
def grub_user(user: GrubUser, at: Pointer, say: Say) -> None:
    """A superuser has a name and a password."""
    if not user.name:
        say.error(m.GRUB_NAME, (*at, "name"))
    if not user.password_hash:
        say.error(m.GRUB_PASSWORD, (*at, "password_hash"))


@source_rule(Metadata)
def metadata(metadata: Metadata, at: Pointer, say: Say) -> None:
    """A MachineConfig has a name and a role."""
    if not metadata.name:
        say.error(m.NAME_REQUIRED, (*at, "name"))
    if not metadata.labels.get(ROLE):
        say.error(m.ROLE_REQUIRED, (*at, "labels"))


@source_rule(OpenShift)
def kernel_type(openshift: OpenShift, at: Pointer, say: Say) -> None:
    """The kernels there are."""
    if openshift.kernel_type not in {None, "", "default", "realtime"}:
        say.error(m.KERNEL_TYPE, (*at, "kernel_type"))
