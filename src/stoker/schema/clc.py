"""The `clc` family: Container Linux Config, the language of `ct`, in one table of typed classes.

A class is an object of the language, an attribute is a row, as in `v3.py`; the services it knows are in
`clc_services.py`. The language has one version, 0. A scalar whose absence means something is None when absent, any
other is at its zero; an object that is optional in the language is None when absent, any other is there and empty.
Rows stand in the order in which the reference judges them.

Source: doc/configuration.md of the project container-linux-config-transpiler, as of 0.9.0.
"""

from typing import Annotated, Final

import msgspec

from stoker.schema.clc_services import ALWAYS, Docker, Etcd, Flannel, Locksmith, Update
from stoker.schema.objects import Object


class Hash(Object):
    """A digest; without both of its parts it is none."""

    function: Annotated[str, ALWAYS, "Name of the hash function; sha512 is the one there is."] = ""
    sum: Annotated[str, ALWAYS, "The digest in hex digits."] = ""


class Verification(Object):
    """How fetched bytes are checked."""

    hash: Annotated[Hash, ALWAYS, "Digest of the bytes."] = msgspec.field(default_factory=Hash)


class Reference(Object):
    """Something to fetch: another config, or a bundle of certificates."""

    source: Annotated[str, ALWAYS, "URL: http, https, s3, tftp, oem or data."] = ""
    verification: Annotated[Verification, ALWAYS, "How the bytes are checked."] = msgspec.field(
        default_factory=Verification
    )


class IgnitionConfig(Object):
    """Other configs this one refers to."""

    append: Annotated[list[Reference], ALWAYS, "Configs to append to this one, in order."] = []
    replace: Annotated[Reference | None, ALWAYS, "A config to use instead of this one."] = None


class Timeouts(Object):
    """How long fetching may take, in seconds."""

    http_response_headers: Annotated[int | None, ALWAYS, "Wait for response headers; 10 when absent."] = None
    http_total: Annotated[int | None, ALWAYS, "Wait in all; 0 and absent mean for ever."] = None


class Tls(Object):
    """Trust for https."""

    certificate_authorities: Annotated[list[Reference], ALWAYS, "More bundles of certificates."] = []


class Security(Object):
    """Trust."""

    tls: Annotated[Tls, ALWAYS, "Trust for https."] = msgspec.field(default_factory=Tls)


class Ignition(Object):
    """About the config itself."""

    config: Annotated[IgnitionConfig, ALWAYS, "Configs to append or to use instead."] = msgspec.field(
        default_factory=IgnitionConfig
    )
    timeouts: Annotated[Timeouts, ALWAYS, "Patience for fetching."] = msgspec.field(default_factory=Timeouts)
    security: Annotated[Security, ALWAYS, "Trust for fetching."] = msgspec.field(default_factory=Security)


# Words for types of partitions.
PARTITION_TYPES: Final = {
    "raid_containing_root": "be9067b9-ea49-4f15-b4f6-f36f8c9e1818",
    "linux_filesystem_data": "0fc63daf-8483-4772-8e79-3d69d8477de4",
    "swap_partition": "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",
    "raid_partition": "a19d880f-05fc-4d3b-a006-743f0f84911e",
}


class Partition(Object):
    """An entry of a disk's partition table. Sizes have units: `512MiB`, `1GiB512MiB`."""

    label: Annotated[str | None, ALWAYS, "Name of the partition, at most 36 bytes."] = None
    number: Annotated[int, ALWAYS, "Number of the partition; 0 is the next free one."] = 0
    size: Annotated[str, ALWAYS, "Size, whole MiB; 0 takes all that is free."] = ""
    start: Annotated[str, ALWAYS, "Start, whole MiB; 0 is the first place that fits."] = ""
    guid: Annotated[str, ALWAYS, "GUID of the partition."] = ""
    type_guid: Annotated[str, ALWAYS, "GUID of the partition's type, or a word for one of four."] = ""


class Disk(Object):
    """A disk and its partitions."""

    device: Annotated[str, ALWAYS, "Absolute path of the device."] = ""
    wipe_table: Annotated[bool, ALWAYS, "Erase the partition table first."] = False
    partitions: Annotated[list[Partition], ALWAYS, "Partitions to make."] = []


class Raid(Object):
    """A software RAID array."""

    name: Annotated[str, ALWAYS, "Name of the array."] = ""
    level: Annotated[str, ALWAYS, "Level: linear, raid0, raid1, ..."] = ""
    devices: Annotated[list[str], ALWAYS, "Devices of the array."] = []
    spares: Annotated[int, ALWAYS, "How many of the devices are spares."] = 0
    options: Annotated[list[str], ALWAYS, "Further arguments for mdadm."] = []


class Create(Object):
    """How to make a file system, as said before 2.1; options of the mount have taken its place."""

    force: Annotated[bool, ALWAYS, "Overwrite what is there."] = False
    options: Annotated[list[str], ALWAYS, "Further arguments for mkfs."] = []


class Mount(Object):
    """A file system on a device."""

    device: Annotated[str, ALWAYS, "Absolute path of the device."] = ""
    format: Annotated[str, ALWAYS, "Format: ext4, btrfs, xfs, vfat or swap."] = ""
    create: Annotated[Create | None, ALWAYS, "Deprecated: make the file system, with these options."] = None
    wipe_filesystem: Annotated[bool, ALWAYS, "Make a new one even where a matching one exists."] = False
    label: Annotated[str | None, ALWAYS, "Label of the file system."] = None
    uuid: Annotated[str | None, ALWAYS, "UUID of the file system."] = None
    options: Annotated[list[str], ALWAYS, "Further arguments for mkfs."] = []


class Filesystem(Object):
    """A file system that files may name: made and mounted here, or already mounted at a path."""

    name: Annotated[str, ALWAYS, "Name by which files, directories and links refer to it."] = ""
    mount: Annotated[Mount | None, ALWAYS, "The device to mount while files are written."] = None
    path: Annotated[str | None, ALWAYS, "Where the system has mounted it already."] = None


class NodeUser(Object):
    """The user that owns a file, directory or link: by id or by name."""

    id: Annotated[int | None, ALWAYS, "User id."] = None
    name: Annotated[str, ALWAYS, "User name, looked up on the target."] = ""


class NodeGroup(Object):
    """The group that owns a file, directory or link: by id or by name."""

    id: Annotated[int | None, ALWAYS, "Group id."] = None
    name: Annotated[str, ALWAYS, "Group name, looked up on the target."] = ""


class Remote(Object):
    """Contents fetched when the machine is provisioned; compression and verification count for any contents."""

    url: Annotated[str, ALWAYS, "URL: http, https, tftp, s3, oem or data."] = ""
    compression: Annotated[str, ALWAYS, "How the bytes are compressed: empty or `gzip`."] = ""
    verification: Annotated[Verification, ALWAYS, "How the bytes are checked."] = msgspec.field(
        default_factory=Verification
    )


class Contents(Object):
    """Contents of a file, from one place."""

    remote: Annotated[Remote, ALWAYS, "Contents to fetch."] = msgspec.field(default_factory=Remote)
    inline: Annotated[str, ALWAYS, "The contents themselves."] = ""
    local: Annotated[str, ALWAYS, "A file below the files directory that holds the contents."] = ""


class File(Object):
    """A regular file."""

    filesystem: Annotated[str, ALWAYS, "Name of the file system it is in; `root` when absent."] = ""
    path: Annotated[str, ALWAYS, "Absolute path in that file system."] = ""
    user: Annotated[NodeUser | None, ALWAYS, "Owner of the file."] = None
    group: Annotated[NodeGroup | None, ALWAYS, "Group of the file."] = None
    mode: Annotated[int | None, ALWAYS, "Permission bits; write them in octal."] = None
    contents: Annotated[Contents, ALWAYS, "Contents of the file."] = msgspec.field(default_factory=Contents)
    overwrite: Annotated[bool | None, ALWAYS, "Remove what is already at the path."] = None
    append: Annotated[bool, ALWAYS, "Append the contents to what is there."] = False


class Directory(Object):
    """A directory."""

    filesystem: Annotated[str, ALWAYS, "Name of the file system it is in; `root` when absent."] = ""
    path: Annotated[str, ALWAYS, "Absolute path in that file system."] = ""
    user: Annotated[NodeUser | None, ALWAYS, "Owner of the directory."] = None
    group: Annotated[NodeGroup | None, ALWAYS, "Group of the directory."] = None
    mode: Annotated[int | None, ALWAYS, "Permission bits; write them in octal."] = None
    overwrite: Annotated[bool | None, ALWAYS, "Remove what is already at the path."] = None


class Link(Object):
    """A symbolic or hard link."""

    filesystem: Annotated[str, ALWAYS, "Name of the file system it is in; `root` when absent."] = ""
    path: Annotated[str, ALWAYS, "Absolute path in that file system."] = ""
    user: Annotated[NodeUser | None, ALWAYS, "Owner of the link."] = None
    group: Annotated[NodeGroup | None, ALWAYS, "Group of the link."] = None
    hard: Annotated[bool, ALWAYS, "Make a hard link."] = False
    target: Annotated[str, ALWAYS, "What the link points to."] = ""
    overwrite: Annotated[bool | None, ALWAYS, "Remove what is already at the path."] = None


class Storage(Object):
    """Disks, file systems and what is in them."""

    disks: Annotated[list[Disk], ALWAYS, "Disks to partition."] = []
    raid: Annotated[list[Raid], ALWAYS, "Arrays to make."] = []
    filesystems: Annotated[list[Filesystem], ALWAYS, "File systems to make, or to name."] = []
    files: Annotated[list[File], ALWAYS, "Files to write."] = []
    directories: Annotated[list[Directory], ALWAYS, "Directories to make."] = []
    links: Annotated[list[Link], ALWAYS, "Links to make."] = []


class Dropin(Object):
    """A drop-in of a unit."""

    name: Annotated[str, ALWAYS, "File name, ending in `.conf`."] = ""
    contents: Annotated[str, ALWAYS, "Text of the drop-in."] = ""


class Unit(Object):
    """A systemd unit."""

    name: Annotated[str, ALWAYS, "Name of the unit with its suffix."] = ""
    enable: Annotated[bool, ALWAYS, "Deprecated: true enables the unit."] = False
    enabled: Annotated[bool | None, ALWAYS, "True enables the unit, false disables it."] = None
    mask: Annotated[bool, ALWAYS, "True links the unit to /dev/null."] = False
    contents: Annotated[str, ALWAYS, "Text of the unit."] = ""
    dropins: Annotated[list[Dropin], ALWAYS, "Drop-ins of the unit."] = []


class Systemd(Object):
    """Units of systemd."""

    units: Annotated[list[Unit], ALWAYS, "Units to write, enable or mask."] = []


class NetworkdUnit(Object):
    """A file of systemd-networkd."""

    name: Annotated[str, ALWAYS, "Name of the file: `.network`, `.netdev` or `.link`."] = ""
    contents: Annotated[str, ALWAYS, "Text of the file."] = ""
    dropins: Annotated[list[Dropin], ALWAYS, "Drop-ins of the file."] = []


class Networkd(Object):
    """Files of systemd-networkd."""

    units: Annotated[list[NetworkdUnit], ALWAYS, "Files to write."] = []


class UserCreate(Object):
    """How to make a user, as said before 2.1; the user's own rows have taken its place."""

    uid: Annotated[int | None, ALWAYS, "User id, not negative."] = None
    gecos: Annotated[str, ALWAYS, "Comment field of the account."] = ""
    home_dir: Annotated[str, ALWAYS, "Home directory."] = ""
    no_create_home: Annotated[bool, ALWAYS, "Do not make the home directory."] = False
    primary_group: Annotated[str, ALWAYS, "Name of the primary group."] = ""
    groups: Annotated[list[str], ALWAYS, "Further groups of the user."] = []
    no_user_group: Annotated[bool, ALWAYS, "Do not make a group of the user's name."] = False
    system: Annotated[bool, ALWAYS, "Make a system user."] = False
    no_log_init: Annotated[bool, ALWAYS, "Do not add the user to lastlog and faillog."] = False
    shell: Annotated[str, ALWAYS, "Login shell."] = ""


class User(Object):
    """A user account."""

    name: Annotated[str, ALWAYS, "Name of the user."] = ""
    password_hash: Annotated[str | None, ALWAYS, "Hashed password."] = None
    ssh_authorized_keys: Annotated[list[str], ALWAYS, "Keys that may log in as the user."] = []
    create: Annotated[UserCreate | None, ALWAYS, "Deprecated: make the user, in this way."] = None
    uid: Annotated[int | None, ALWAYS, "User id."] = None
    gecos: Annotated[str, ALWAYS, "Comment field of the account."] = ""
    home_dir: Annotated[str, ALWAYS, "Home directory."] = ""
    no_create_home: Annotated[bool, ALWAYS, "Do not make the home directory."] = False
    primary_group: Annotated[str, ALWAYS, "Name of the primary group."] = ""
    groups: Annotated[list[str], ALWAYS, "Further groups of the user."] = []
    no_user_group: Annotated[bool, ALWAYS, "Do not make a group of the user's name."] = False
    system: Annotated[bool, ALWAYS, "Make a system user."] = False
    no_log_init: Annotated[bool, ALWAYS, "Do not add the user to lastlog and faillog."] = False
    shell: Annotated[str, ALWAYS, "Login shell."] = ""


class Group(Object):
    """A group account."""

    name: Annotated[str, ALWAYS, "Name of the group."] = ""
    gid: Annotated[int | None, ALWAYS, "Group id, not negative."] = None
    password_hash: Annotated[str, ALWAYS, "Hashed password."] = ""
    system: Annotated[bool, ALWAYS, "Make a system group."] = False


class Passwd(Object):
    """Accounts."""

    users: Annotated[list[User], ALWAYS, "Users to add or change."] = []
    groups: Annotated[list[Group], ALWAYS, "Groups to add."] = []


class Config(Object):
    """The root."""

    version: Annotated[int, ALWAYS, "Version of the language, 0."] = 0
    ignition: Annotated[Ignition, ALWAYS, "About the config itself."] = msgspec.field(default_factory=Ignition)
    storage: Annotated[Storage, ALWAYS, "Disks, file systems and what is in them."] = msgspec.field(
        default_factory=Storage
    )
    systemd: Annotated[Systemd, ALWAYS, "Units of systemd."] = msgspec.field(default_factory=Systemd)
    networkd: Annotated[Networkd, ALWAYS, "Files of systemd-networkd."] = msgspec.field(default_factory=Networkd)
    passwd: Annotated[Passwd, ALWAYS, "Accounts."] = msgspec.field(default_factory=Passwd)
    etcd: Annotated[Etcd | None, ALWAYS, "Run etcd-member with these flags."] = None
    flannel: Annotated[Flannel | None, ALWAYS, "Run flanneld with these flags."] = None
    update: Annotated[Update | None, ALWAYS, "Where the system's updates come from."] = None
    docker: Annotated[Docker | None, ALWAYS, "Run Docker with these flags."] = None
    locksmith: Annotated[Locksmith | None, ALWAYS, "When the machine may reboot for an update."] = None
