"""The `v2` family: Ignition 2.0 to 2.4, in one table of typed classes.

Read as `v3.py` is: a class is an object of the language, an attribute is a row with the date it came. Attributes stand
in the order in which the reference writes them. What the reference keeps as a plain value (a string, a number, a bool,
an object) is one here too, and absent means empty, zero, false; what it keeps by pointer is None when absent. Plain
objects are always written, if only as `{}`, and so are the fields that a class demands. A mode, and the size and start
of a partition, were plain before the version that their row names: absent meant 0 there.

Source: Ignition's `doc/configuration-v2_*.md` and `config/v2_*/types` of its spec2x branch.
"""

from typing import Annotated

from msgspec import field

from stoker.schema.marks import KEPT, required_until, since
from stoker.schema.objects import Object


class Verification(Object):
    """How fetched bytes are checked."""

    hash: Annotated[str | None, since("2.0"), "Digest of the bytes: `sha512-HEX`."] = None


class HttpHeader(Object):
    """A header sent with a request."""

    name: Annotated[str, since("2.4"), "Name of the header."]
    value: Annotated[str, since("2.4"), "Value of the header."] = ""


class ConfigReference(Object):
    """A config to append or to use instead."""

    http_headers: Annotated[list[HttpHeader], since("2.4"), "Headers to send; http and https only."] = []
    source: Annotated[str, since("2.0"), "URL of the config: http, https, oem, tftp, s3 or data."]
    verification: Annotated[Verification, since("2.0"), "How the config is checked."] = field(
        default_factory=Verification
    )


class CaReference(Object):
    """A bundle of certificates to trust."""

    http_headers: Annotated[list[HttpHeader], since("2.4"), "Headers to send; http and https only."] = []
    source: Annotated[str, since("2.2"), "URL of a PEM bundle."]
    verification: Annotated[Verification, since("2.2"), "How the bundle is checked."] = field(
        default_factory=Verification
    )


class FileContents(Object):
    """Bytes from somewhere, and how to check them."""

    compression: Annotated[str, since("2.0"), "How the bytes are compressed: empty or `gzip`."] = ""
    http_headers: Annotated[list[HttpHeader], since("2.4"), "Headers to send; http and https only."] = []
    source: Annotated[str, since("2.0"), "URL: http, https, oem, tftp, s3 or data; empty for an empty file."] = ""
    verification: Annotated[Verification, since("2.0"), "How the bytes are checked."] = field(
        default_factory=Verification
    )


class NodeUser(Object):
    """The user that owns a file, directory or link: by id or by name."""

    id: Annotated[int | None, since("2.0"), "User id."] = None
    name: Annotated[str, since("2.1"), "User name, looked up on the target."] = ""


class NodeGroup(Object):
    """The group that owns a file, directory or link: by id or by name."""

    id: Annotated[int | None, since("2.0"), "Group id."] = None
    name: Annotated[str, since("2.1"), "Group name, looked up on the target."] = ""


class Node(Object):
    """What files, directories and links have in common."""

    filesystem: Annotated[str, since("2.0"), "Name of the file system it is in; `root` is always there."]
    group: Annotated[NodeGroup | None, since("2.0"), "Group of the node."] = None
    overwrite: Annotated[bool | None, since("2.2"), "Remove what is already at the path; files do when absent."] = None
    path: Annotated[str, since("2.0"), "Absolute path in its file system."]
    user: Annotated[NodeUser | None, since("2.0"), "Owner of the node."] = None


class File(Node):
    """A regular file."""

    append: Annotated[bool, since("2.2"), "Append to the file rather than write it."] = False
    contents: Annotated[FileContents, since("2.0"), "Contents of the file."] = field(default_factory=FileContents)
    mode: Annotated[int | None, since("2.0"), required_until("2.2"), "Permission bits, as a decimal number."] = None


class Directory(Node):
    """A directory."""

    mode: Annotated[int | None, since("2.1"), required_until("2.2"), "Permission bits, as a decimal number."] = None


class Link(Node):
    """A symbolic or hard link."""

    hard: Annotated[bool, since("2.1"), "Make a hard link."] = False
    target: Annotated[str, since("2.1"), "What the link points to."]


class Partition(Object):
    """An entry of a disk's partition table. Sizes are in MiB, or in sectors by the older names."""

    guid: Annotated[str, since("2.1"), "GUID of the partition."] = ""
    label: Annotated[str | None, since("2.0"), required_until("2.3"), "Name of the partition, at most 36 bytes."] = None
    number: Annotated[int, since("2.0"), "Number of the partition; 0 is the next free one."] = 0
    should_exist: Annotated[bool | None, since("2.3"), "False deletes the partition."] = None
    size: Annotated[int | None, since("2.0"), required_until("2.3"), "Size in sectors; deprecated since 2.3."] = None
    size_mib: Annotated[int | None, since("2.3"), "Size in MiB; 0 takes all that is free."] = None
    start: Annotated[int | None, since("2.0"), required_until("2.3"), "Start in sectors; deprecated since 2.3."] = None
    start_mib: Annotated[int | None, since("2.3"), "Start in MiB; 0 is the start of the largest free block."] = None
    type_guid: Annotated[str, since("2.0"), "GUID of the partition's type."] = ""
    wipe_partition_entry: Annotated[bool, since("2.3"), "Replace an existing entry that does not match."] = False


class Disk(Object):
    """A disk and its partitions."""

    device: Annotated[str, since("2.0"), "Absolute path of the device."]
    partitions: Annotated[list[Partition], since("2.0"), "Partitions that shall, or shall not, exist."] = []
    wipe_table: Annotated[bool, since("2.0"), "Erase the partition table first."] = False


class Raid(Object):
    """A software RAID array."""

    devices: Annotated[list[str], since("2.0"), "Devices of the array."]
    level: Annotated[str, since("2.0"), "Level: linear, raid0, raid1, ..."]
    name: Annotated[str, since("2.0"), "Name of the array."]
    options: Annotated[list[str], since("2.2"), "Further arguments for mdadm."] = []
    spares: Annotated[int, since("2.0"), "How many of the devices are spares."] = 0


class Create(Object):
    """How to make a file system, before the fields of the mount said so."""

    force: Annotated[bool, since("2.0"), "Make it even where there is one."] = False
    options: Annotated[list[str], since("2.0"), "Further arguments for mkfs."] = []


class Mount(Object):
    """The device of a file system, and how to make it."""

    create: Annotated[Create | None, since("2.0"), KEPT, "Make a file system; deprecated since 2.1."] = None
    device: Annotated[str, since("2.0"), "Absolute path of the device."]
    format: Annotated[str, since("2.0"), "Format: ext4, btrfs, xfs; since 2.1 also swap and vfat."]
    label: Annotated[str | None, since("2.1"), "Label of the file system."] = None
    options: Annotated[list[str], since("2.1"), "Further arguments for mkfs."] = []
    uuid: Annotated[str | None, since("2.1"), "UUID of the file system."] = None
    wipe_filesystem: Annotated[bool, since("2.1"), "Make a new one even where a matching one exists."] = False


class Filesystem(Object):
    """A file system that nodes name: on a device, or mounted already."""

    mount: Annotated[Mount | None, since("2.0"), "The device it is on."] = None
    name: Annotated[str, since("2.0"), "What nodes call it."] = ""
    path: Annotated[str | None, since("2.0"), "Where it is mounted already."] = None


class Storage(Object):
    """Disks, file systems and what is in them."""

    directories: Annotated[list[Directory], since("2.1"), "Directories to make."] = []
    disks: Annotated[list[Disk], since("2.0"), "Disks to partition."] = []
    files: Annotated[list[File], since("2.0"), "Files to write."] = []
    filesystems: Annotated[list[Filesystem], since("2.0"), "File systems to make, and those that nodes name."] = []
    links: Annotated[list[Link], since("2.1"), "Links to make."] = []
    raid: Annotated[list[Raid], since("2.0"), "Arrays to make."] = []


class SystemdDropin(Object):
    """A drop-in of a unit."""

    contents: Annotated[str, since("2.0"), "Text of the drop-in."] = ""
    name: Annotated[str, since("2.0"), "File name, ending in `.conf`."]


class Unit(Object):
    """A systemd unit."""

    contents: Annotated[str, since("2.0"), "Text of the unit."] = ""
    dropins: Annotated[list[SystemdDropin], since("2.0"), "Drop-ins of the unit."] = []
    enable: Annotated[bool, since("2.0"), "Enable the unit; `enabled` says it better since 2.1."] = False
    enabled: Annotated[bool | None, since("2.1"), "True enables the unit, false disables it."] = None
    mask: Annotated[bool, since("2.0"), "Link the unit to /dev/null."] = False
    name: Annotated[str, since("2.0"), "Name of the unit with its suffix."]


class Systemd(Object):
    """Units."""

    units: Annotated[list[Unit], since("2.0"), "Units to write, enable or mask."] = []


class NetworkdDropin(Object):
    """A drop-in of a networkd file."""

    contents: Annotated[str, since("2.2"), "Text of the drop-in."] = ""
    name: Annotated[str, since("2.2"), "File name, ending in `.conf`."]


class NetworkdUnit(Object):
    """A file of systemd-networkd."""

    contents: Annotated[str, since("2.0"), "Text of the file."] = ""
    dropins: Annotated[list[NetworkdDropin], since("2.2"), "Drop-ins of the file."] = []
    name: Annotated[str, since("2.0"), "File name, ending in `.link`, `.netdev` or `.network`."]


class Networkd(Object):
    """Files of systemd-networkd."""

    units: Annotated[list[NetworkdUnit], since("2.0"), "Files to write below /etc/systemd/network."] = []


class PasswdGroup(Object):
    """A group account."""

    gid: Annotated[int | None, since("2.0"), "Group id."] = None
    name: Annotated[str, since("2.0"), "Name of the group."]
    password_hash: Annotated[str, since("2.0"), "Hashed password."] = ""
    system: Annotated[bool, since("2.0"), "Make a system group."] = False


class UserCreate(Object):
    """How to make a user, before the fields of the user said so."""

    gecos: Annotated[str, since("2.0"), "Comment field of the account."] = ""
    groups: Annotated[list[str], since("2.0"), "Further groups of the user."] = []
    home_dir: Annotated[str, since("2.0"), "Home directory."] = ""
    no_create_home: Annotated[bool, since("2.0"), "Do not make the home directory."] = False
    no_log_init: Annotated[bool, since("2.0"), "Do not add the user to lastlog and faillog."] = False
    no_user_group: Annotated[bool, since("2.0"), "Do not make a group of the user's name."] = False
    primary_group: Annotated[str, since("2.0"), "Name of the primary group."] = ""
    shell: Annotated[str, since("2.0"), "Login shell."] = ""
    system: Annotated[bool, since("2.0"), "Make a system user."] = False
    uid: Annotated[int | None, since("2.0"), "User id."] = None


class PasswdUser(Object):
    """A user account."""

    create: Annotated[UserCreate | None, since("2.0"), KEPT, "Make the user; deprecated since 2.1."] = None
    gecos: Annotated[str, since("2.1"), "Comment field of the account."] = ""
    groups: Annotated[list[str], since("2.1"), "Further groups of the user."] = []
    home_dir: Annotated[str, since("2.1"), "Home directory."] = ""
    name: Annotated[str, since("2.0"), "Name of the user."]
    no_create_home: Annotated[bool, since("2.1"), "Do not make the home directory."] = False
    no_log_init: Annotated[bool, since("2.1"), "Do not add the user to lastlog and faillog."] = False
    no_user_group: Annotated[bool, since("2.1"), "Do not make a group of the user's name."] = False
    password_hash: Annotated[str | None, since("2.0"), "Hashed password."] = None
    primary_group: Annotated[str, since("2.1"), "Name of the primary group."] = ""
    ssh_authorized_keys: Annotated[list[str], since("2.0"), "Keys that may log in as the user."] = []
    shell: Annotated[str, since("2.1"), "Login shell."] = ""
    system: Annotated[bool, since("2.1"), "Make a system user."] = False
    uid: Annotated[int | None, since("2.1"), "User id."] = None


class Passwd(Object):
    """Accounts."""

    groups: Annotated[list[PasswdGroup], since("2.0"), "Groups to add."] = []
    users: Annotated[list[PasswdUser], since("2.0"), "Users to add or change."] = []


class Tls(Object):
    """Trust for https."""

    certificate_authorities: Annotated[list[CaReference], since("2.2"), "More bundles of certificates."] = []


class Security(Object):
    """Trust."""

    tls: Annotated[Tls, since("2.2"), "Trust for https."] = field(default_factory=Tls)


class Timeouts(Object):
    """How long fetching may take, in seconds."""

    http_response_headers: Annotated[int | None, since("2.1"), "Wait for response headers; 10 when absent."] = None
    http_total: Annotated[int | None, since("2.1"), "Wait in all; 0 and absent mean for ever."] = None


class Proxy(Object):
    """Proxies for fetching."""

    http_proxy: Annotated[str, since("2.4"), "Proxy for http."] = ""
    https_proxy: Annotated[str, since("2.4"), "Proxy for https."] = ""
    no_proxy: Annotated[list[str], since("2.4"), "Hosts, suffixes and networks that are reached directly."] = []


class IgnitionConfig(Object):
    """Other configs this one refers to."""

    append: Annotated[list[ConfigReference], since("2.0"), "Configs to append to this one, in order."] = []
    replace: Annotated[ConfigReference | None, since("2.0"), "A config to use instead of this one."] = None


class Ignition(Object):
    """About the config itself."""

    config: Annotated[IgnitionConfig, since("2.0"), "Configs to append or to use instead."] = field(
        default_factory=IgnitionConfig
    )
    proxy: Annotated[Proxy | None, since("2.4"), "Proxies for fetching."] = None
    security: Annotated[Security, since("2.2"), "Trust for fetching."] = field(default_factory=Security)
    timeouts: Annotated[Timeouts, since("2.1"), "Patience for fetching."] = field(default_factory=Timeouts)
    version: Annotated[str, since("2.0"), "Version of the Ignition specification."]


class Config(Object):
    """The root: an Ignition config."""

    ignition: Annotated[Ignition, since("2.0"), "About the config itself."]
    networkd: Annotated[Networkd, since("2.0"), "Files of systemd-networkd."] = field(default_factory=Networkd)
    passwd: Annotated[Passwd, since("2.0"), "Accounts."] = field(default_factory=Passwd)
    storage: Annotated[Storage, since("2.0"), "Disks, file systems and what is in them."] = field(
        default_factory=Storage
    )
    systemd: Annotated[Systemd, since("2.0"), "Units."] = field(default_factory=Systemd)
