"""The `v3` family: Ignition 3.0 to 3.7.0-experimental and every Butane variant, in one table of typed classes.

A class is an object of the language, an attribute is a row: its type, the date it came (`marks.py`) and one sentence.
Decoder, validator, merge, conversion, JSON Schema and reference pages are readings of this table. Attributes stand in
the order in which the reference writes them; the names are Butane's, Ignition's are derived (`objects.json_name`).
An absent object or scalar is None, an absent list is empty. Sugar is only present between decoding and lowering.
Annotations are evaluated where they stand, since every reading of the table needs them.

Source: the Ignition specification pages (docs/configuration-v3_*.md) and the Butane ones (docs/config-*.md).
"""

from typing import Annotated, ClassVar

from stoker.schema.marks import bare, kept_until, required_until, since, sugar
from stoker.schema.objects import Object


class Verification(Object):
    """How fetched bytes are checked."""

    hash: Annotated[str | None, since("3.0"), "Digest of the decompressed bytes: `sha512-HEX` or `sha256-HEX`."] = None


class HttpHeader(Object):
    """A header sent with a request. Without a value it removes the parent's header of that name."""

    name: Annotated[str, since("3.1"), "Name of the header."]
    value: Annotated[str | None, since("3.1"), "Value of the header."] = None

    def key(self) -> str:
        return self.name


class Resource(Object):
    """Bytes from somewhere, and how to check them."""

    compression: Annotated[str | None, since("3.0"), "How the bytes are compressed: empty or `gzip`."] = None
    http_headers: Annotated[list[HttpHeader], since("3.1"), "Headers to send; http and https only."] = []
    source: Annotated[str | None, since("3.0"), "URL: http, https, tftp, s3, arn, gs or data."] = None
    inline: Annotated[str | None, sugar("3.0"), "The contents themselves."] = None
    local: Annotated[str | None, sugar("3.1"), "A file below the files directory that holds the contents."] = None
    verification: Annotated[Verification | None, since("3.0"), "How the bytes are checked."] = None

    def key(self) -> str:
        return self.source or ""


class ConfigReference(Resource):
    """A config to merge or to use instead: a resource that had fewer fields in 3.0."""

    compression: Annotated[str | None, since("3.1"), "How the bytes are compressed: empty or `gzip`."] = None
    inline: Annotated[str | None, sugar("3.1"), "The contents themselves."] = None


class CertificateReference(ConfigReference):
    """A bundle of certificates to trust: a reference whose source was a plain string in 3.0."""

    source: Annotated[str | None, since("3.0"), required_until("3.1"), "URL of a PEM bundle."] = None


class NodeUser(Object):
    """The user that owns a file, directory or link: by id or by name."""

    id: Annotated[int | None, since("3.0"), "User id."] = None
    name: Annotated[str | None, since("3.0"), "User name, looked up on the target."] = None


class NodeGroup(Object):
    """The group that owns a file, directory or link: by id or by name."""

    id: Annotated[int | None, since("3.0"), "Group id."] = None
    name: Annotated[str | None, since("3.0"), "Group name, looked up on the target."] = None


class Node(Object):
    """What files, directories and links have in common."""

    group: Annotated[NodeGroup | None, since("3.0"), "Group of the node."] = None
    overwrite: Annotated[bool | None, since("3.0"), "Remove what is already at the path."] = None
    path: Annotated[str, since("3.0"), "Absolute path."]
    user: Annotated[NodeUser | None, since("3.0"), "Owner of the node."] = None

    def key(self) -> str:
        return self.path


class File(Node):
    """A regular file."""

    APPEND: ClassVar[frozenset[str]] = frozenset({"append"})

    append: Annotated[list[Resource], since("3.0"), "Contents to append, in order."] = []
    contents: Annotated[Resource | None, since("3.0"), "Contents of the file."] = None
    mode: Annotated[int | None, since("3.0"), "Permission bits; write them in octal."] = None


class Directory(Node):
    """A directory."""

    mode: Annotated[int | None, since("3.0"), "Permission bits; write them in octal."] = None


class Link(Node):
    """A symbolic or hard link."""

    hard: Annotated[bool | None, since("3.0"), "Make a hard link."] = None
    target: Annotated[str | None, since("3.0"), required_until("3.3"), "What the link points to."] = None


class Partition(Object):
    """An entry of a disk's partition table."""

    guid: Annotated[str | None, since("3.0"), "GUID of the partition."] = None
    label: Annotated[str | None, since("3.0"), "Name of the partition, at most 36 bytes, without a colon."] = None
    number: Annotated[int, since("3.0"), "Number of the partition; 0 is the next free one."] = 0
    resize: Annotated[bool | None, since("3.2"), "Resize an existing partition that matches in all but size."] = None
    should_exist: Annotated[bool | None, since("3.0"), "False deletes the partition."] = None
    size_mib: Annotated[int | None, since("3.0"), "Size in MiB; 0 takes all that is free."] = None
    start_mib: Annotated[int | None, since("3.0"), "Start in MiB; 0 is the start of the largest free block."] = None
    type_guid: Annotated[str | None, since("3.0"), "GUID of the partition's type."] = None
    wipe_partition_entry: Annotated[bool | None, since("3.0"), "Replace an existing entry that does not match."] = None

    def key(self) -> str:
        if self.number:
            return f"number:{self.number}"
        return "" if self.label is None else f"label:{self.label}"


class Disk(Object):
    """A disk and its partitions."""

    device: Annotated[str, since("3.0"), "Absolute path of the device."]
    partitions: Annotated[list[Partition], since("3.0"), "Partitions that shall, or shall not, exist."] = []
    wipe_table: Annotated[bool | None, since("3.0"), "Erase the partition table first."] = None

    def key(self) -> str:
        return self.device


class Raid(Object):
    """A software RAID array."""

    APPEND: ClassVar[frozenset[str]] = frozenset({"options"})

    devices: Annotated[list[str], since("3.0"), "Devices of the array."] = []
    level: Annotated[str | None, since("3.0"), required_until("3.3"), "Level: linear, raid0, raid1, ..."] = None
    name: Annotated[str, since("3.0"), "Name of the array."]
    options: Annotated[list[str], since("3.0"), "Further arguments for mdadm."] = []
    spares: Annotated[int | None, since("3.0"), "How many of the devices are spares."] = None

    def key(self) -> str:
        return self.name


class Filesystem(Object):
    """A file system on a device."""

    APPEND: ClassVar[frozenset[str]] = frozenset({"options", "mount_options"})

    device: Annotated[str, since("3.0"), "Absolute path of the device, or the tag of a virtiofs."]
    format: Annotated[str | None, since("3.0"), "Format: ext4, btrfs, xfs, vfat, swap, none or virtiofs."] = None
    label: Annotated[str | None, since("3.0"), "Label of the file system."] = None
    mount_options: Annotated[list[str], since("3.1"), "Options for mount."] = []
    options: Annotated[list[str], since("3.0"), "Further arguments for mkfs."] = []
    path: Annotated[str | None, since("3.0"), "Where to mount it while the machine is provisioned."] = None
    uuid: Annotated[str | None, since("3.0"), "UUID of the file system."] = None
    wipe_filesystem: Annotated[bool | None, since("3.0"), "Make a new one even where a matching one exists."] = None
    with_mount_unit: Annotated[bool | None, sugar("3.1"), "Also write and enable a mount unit."] = None

    def key(self) -> str:
        return self.device


class Tang(Object):
    """A tang server that helps to unlock a device."""

    advertisement: Annotated[str | None, since("3.4"), "The server's advertisement, JSON, for use without network."] = (
        None
    )
    thumbprint: Annotated[str | None, since("3.2"), "Thumbprint of a trusted signing key."] = None
    url: Annotated[str, since("3.2"), "URL of the server."] = ""

    def key(self) -> str:
        return self.url


class ClevisCustom(Object):
    """A clevis pin given as is."""

    config: Annotated[str | None, since("3.2"), required_until("3.3"), "Configuration of the pin, JSON."] = None
    needs_network: Annotated[bool | None, since("3.2"), "Unlocking needs the network."] = None
    pin: Annotated[str | None, since("3.2"), required_until("3.3"), "Name of the pin."] = None


class Clevis(Object):
    """How a device unlocks itself."""

    custom: Annotated[ClevisCustom | None, since("3.2"), kept_until("3.3"), "A pin given as is, for all others."] = None
    tang: Annotated[list[Tang], since("3.2"), "Tang servers."] = []
    threshold: Annotated[int | None, since("3.2"), "How many of the pins must answer."] = None
    tpm2: Annotated[bool | None, since("3.2"), "Use the machine's TPM 2."] = None


class Cex(Object):
    """A Crypto Express card (IBM Z) that holds the key."""

    enabled: Annotated[bool | None, since("3.5"), "Use the card."] = None


class Luks(Object):
    """An encrypted device."""

    APPEND: ClassVar[frozenset[str]] = frozenset({"options"})

    cex: Annotated[Cex | None, since("3.5"), "Keep the key in a Crypto Express card."] = None
    clevis: Annotated[Clevis | None, since("3.2"), kept_until("3.3"), "Unlock by tang, TPM 2 or a custom pin."] = None
    device: Annotated[str | None, since("3.2"), "Absolute path of the device."] = None
    discard: Annotated[bool | None, since("3.4"), "Pass discards down to the device."] = None
    key_file: Annotated[Resource | None, since("3.2"), "The key; a random one is made when absent."] = None
    label: Annotated[str | None, since("3.2"), "Label of the device, at most 47 bytes."] = None
    name: Annotated[str, since("3.2"), "Name of the unlocked device below /dev/mapper."]
    open_options: Annotated[list[str], since("3.4"), "Further arguments for opening, kept on the device."] = []
    options: Annotated[list[str], since("3.2"), "Further arguments for cryptsetup luksFormat."] = []
    uuid: Annotated[str | None, since("3.2"), "UUID of the device."] = None
    wipe_volume: Annotated[bool | None, since("3.2"), "Format even where a matching volume exists."] = None

    def key(self) -> str:
        return self.name


class Tree(Object):
    """A directory of the files directory that is embedded whole."""

    group: Annotated[NodeGroup | None, sugar("3.6"), "Group of all that is written."] = None
    local: Annotated[str, sugar("3.1"), "Directory below the files directory."]
    path: Annotated[str | None, sugar("3.1"), "Where it goes on the target; `/` when absent."] = None
    user: Annotated[NodeUser | None, sugar("3.6"), "Owner of all that is written."] = None
    file_mode: Annotated[int | None, sugar("3.6"), "Mode of every file."] = None
    dir_mode: Annotated[int | None, sugar("3.6"), "Mode of every directory."] = None


class Storage(Object):
    """Disks, file systems and what is in them."""

    SHARED: ClassVar[dict[str, str]] = {"directories": "node", "files": "node", "links": "node"}

    directories: Annotated[list[Directory], since("3.0"), "Directories to make."] = []
    disks: Annotated[list[Disk], since("3.0"), "Disks to partition."] = []
    files: Annotated[list[File], since("3.0"), "Files to write."] = []
    filesystems: Annotated[list[Filesystem], since("3.0"), "File systems to make and mount."] = []
    links: Annotated[list[Link], since("3.0"), "Links to make."] = []
    luks: Annotated[list[Luks], since("3.2"), "Devices to encrypt."] = []
    raid: Annotated[list[Raid], since("3.0"), "Arrays to make."] = []
    trees: Annotated[list[Tree], sugar("3.1"), "Local directories to embed."] = []


class Dropin(Object):
    """A drop-in of a unit."""

    contents: Annotated[str | None, since("3.0"), "Text of the drop-in."] = None
    contents_local: Annotated[str | None, sugar("3.4"), "A file below the files directory with the text."] = None
    name: Annotated[str, since("3.0"), "File name, ending in `.conf`."]

    def key(self) -> str:
        return self.name


class Unit(Object):
    """A systemd unit."""

    contents: Annotated[str | None, since("3.0"), "Text of the unit."] = None
    contents_local: Annotated[str | None, sugar("3.4"), "A file below the files directory with the text."] = None
    dropins: Annotated[list[Dropin], since("3.0"), "Drop-ins of the unit."] = []
    enabled: Annotated[bool | None, since("3.0"), "True enables the unit by a preset, false disables it."] = None
    mask: Annotated[bool | None, since("3.0"), "True links the unit to /dev/null."] = None
    name: Annotated[str, since("3.0"), "Name of the unit with its suffix."]

    def key(self) -> str:
        return self.name


class Quadlet(Object):
    """A Podman quadlet: a container, volume, network, ... that systemd runs."""

    contents: Annotated[str | None, sugar("3.7"), "Text of the quadlet."] = None
    contents_local: Annotated[str | None, sugar("3.7"), "A file below the files directory with the text."] = None
    name: Annotated[str, sugar("3.7"), "Name with its suffix; `x@one.container` is an instance of `x@.container`."]
    rootful: Annotated[bool, sugar("3.7"), "Run by the system rather than by each user."] = False
    dropins: Annotated[list[Dropin], sugar("3.7"), "Drop-ins of the quadlet."] = []


class Systemd(Object):
    """Units."""

    units: Annotated[list[Unit], since("3.0"), "Units to write, enable or mask."] = []
    quadlets: Annotated[list[Quadlet], sugar("3.7"), "Podman quadlets to write."] = []


class PasswdGroup(Object):
    """A group account."""

    gid: Annotated[int | None, since("3.0"), "Group id."] = None
    name: Annotated[str, since("3.0"), "Name of the group."]
    password_hash: Annotated[str | None, since("3.0"), "Hashed password."] = None
    should_exist: Annotated[bool | None, since("3.2"), "False deletes the group."] = None
    system: Annotated[bool | None, since("3.0"), "Make a system group."] = None

    def key(self) -> str:
        return self.name


class PasswdUser(Object):
    """A user account."""

    gecos: Annotated[str | None, since("3.0"), "Comment field of the account."] = None
    groups: Annotated[list[str], since("3.0"), "Further groups of the user."] = []
    home_dir: Annotated[str | None, since("3.0"), "Home directory."] = None
    name: Annotated[str, since("3.0"), "Name of the user."]
    no_create_home: Annotated[bool | None, since("3.0"), "Do not make the home directory."] = None
    no_log_init: Annotated[bool | None, since("3.0"), "Do not add the user to lastlog and faillog."] = None
    no_user_group: Annotated[bool | None, since("3.0"), "Do not make a group of the user's name."] = None
    password_hash: Annotated[str | None, since("3.0"), "Hashed password."] = None
    primary_group: Annotated[str | None, since("3.0"), "Name of the primary group."] = None
    ssh_authorized_keys: Annotated[list[str], since("3.0"), "Keys that may log in as the user."] = []
    ssh_authorized_keys_local: Annotated[list[str], sugar("3.4"), "Files below the files directory with keys."] = []
    shell: Annotated[str | None, since("3.0"), "Login shell."] = None
    should_exist: Annotated[bool | None, since("3.2"), "False deletes the user."] = None
    system: Annotated[bool | None, since("3.0"), "Make a system user."] = None
    uid: Annotated[int | None, since("3.0"), "User id."] = None

    def key(self) -> str:
        return self.name


class Passwd(Object):
    """Accounts."""

    groups: Annotated[list[PasswdGroup], since("3.0"), "Groups to add, change or delete."] = []
    users: Annotated[list[PasswdUser], since("3.0"), "Users to add, change or delete."] = []


class KernelArguments(Object):
    """Kernel arguments of the installed system."""

    SHARED: ClassVar[dict[str, str]] = {"should_exist": "argument", "should_not_exist": "argument"}

    should_exist: Annotated[list[str], since("3.3"), "Arguments that must be there."] = []
    should_not_exist: Annotated[list[str], since("3.3"), "Arguments that must not be there."] = []


class Tls(Object):
    """Trust for https."""

    certificate_authorities: Annotated[list[CertificateReference], since("3.0"), "More bundles of certificates."] = []


class Security(Object):
    """Trust."""

    tls: Annotated[Tls | None, since("3.0"), "Trust for https."] = None


class Timeouts(Object):
    """How long fetching may take, in seconds."""

    http_response_headers: Annotated[int | None, since("3.0"), "Wait for response headers; 10 when absent."] = None
    http_total: Annotated[int | None, since("3.0"), "Wait in all; 0 and absent mean for ever."] = None


class Proxy(Object):
    """Proxies for fetching."""

    http_proxy: Annotated[str | None, since("3.1"), "Proxy for http."] = None
    https_proxy: Annotated[str | None, since("3.1"), "Proxy for https."] = None
    no_proxy: Annotated[list[str], since("3.1"), "Hosts, suffixes and networks that are reached directly."] = []


class IgnitionConfig(Object):
    """Other configs this one refers to."""

    merge: Annotated[list[ConfigReference], since("3.0"), "Configs to merge into this one, in order."] = []
    replace: Annotated[ConfigReference | None, since("3.0"), "A config to use instead of this one."] = None


class Ignition(Object):
    """About the config itself."""

    config: Annotated[IgnitionConfig | None, since("3.0"), "Configs to merge or to use instead."] = None
    proxy: Annotated[Proxy | None, since("3.1"), "Proxies for fetching."] = None
    security: Annotated[Security | None, since("3.0"), "Trust for fetching."] = None
    timeouts: Annotated[Timeouts | None, since("3.0"), "Patience for fetching."] = None
    version: Annotated[str, bare("3.0"), "Version of the Ignition specification."]


class BootDeviceLuks(Object):
    """Encryption of the root file system."""

    cex: Annotated[Cex | None, sugar("3.5"), "Keep the key in a Crypto Express card."] = None
    discard: Annotated[bool | None, sugar("3.4"), "Pass discards down to the device."] = None
    device: Annotated[str | None, sugar("3.5"), "The whole disk, for the layouts s390x-eckd and s390x-zfcp."] = None
    tang: Annotated[list[Tang], sugar("3.2"), "Tang servers."] = []
    threshold: Annotated[int | None, sugar("3.2"), "How many of the pins must answer."] = None
    tpm2: Annotated[bool | None, sugar("3.2"), "Use the machine's TPM 2."] = None


class BootDeviceMirror(Object):
    """Mirroring of the boot disk."""

    devices: Annotated[list[str], sugar("3.2"), "Two whole disks or more."] = []


class BootDevice(Object):
    """Encryption and mirroring of the disk the machine boots from."""

    layout: Annotated[str | None, sugar("3.2"), "Architecture whose disk layout to use."] = None
    luks: Annotated[BootDeviceLuks | None, sugar("3.2"), "Encrypt the root file system."] = None
    mirror: Annotated[BootDeviceMirror | None, sugar("3.2"), "Mirror the boot disk."] = None


class GrubUser(Object):
    """A person who may change what the boot loader does."""

    name: Annotated[str, sugar("3.4"), "Name of the user."]
    password_hash: Annotated[str | None, sugar("3.4"), "Hash by grub2-mkpasswd-pbkdf2."] = None


class Grub(Object):
    """The boot loader."""

    users: Annotated[list[GrubUser], sugar("3.4"), "Superusers of the boot loader."] = []


class Metadata(Object):
    """Metadata of the MachineConfig that comes out."""

    name: Annotated[str, sugar("3.2"), "Name of the MachineConfig."]
    labels: Annotated[
        dict[str, str], sugar("3.2"), "Labels; `machineconfiguration.openshift.io/role` must be one."
    ] = {}


class OpenShift(Object):
    """What a MachineConfig says beside its Ignition config."""

    kernel_arguments: Annotated[list[str], sugar("3.2"), "Arguments for the kernel."] = []
    extensions: Annotated[list[str], sugar("3.2"), "Extensions of RHEL CoreOS to install."] = []
    fips: Annotated[bool | None, sugar("3.2"), "Turn on FIPS mode."] = None
    kernel_type: Annotated[str | None, sugar("3.2"), "Kernel: `default` or `realtime`."] = None


class Config(Object):
    """The root: an Ignition config, and before lowering the Butane document it comes from."""

    version: Annotated[str | None, sugar("3.0"), "Version of the Butane spec."] = None
    variant: Annotated[str | None, sugar("3.0"), "Variant of the Butane spec."] = None
    ignition: Annotated[Ignition, since("3.0"), "About the config itself."]
    kernel_arguments: Annotated[KernelArguments | None, since("3.3"), "Kernel arguments."] = None
    passwd: Annotated[Passwd | None, since("3.0"), "Accounts."] = None
    storage: Annotated[Storage | None, since("3.0"), "Disks, file systems and what is in them."] = None
    systemd: Annotated[Systemd | None, since("3.0"), "Units."] = None
    boot_device: Annotated[BootDevice | None, sugar(fcos="1.3", openshift="4.8"), "The boot disk."] = None
    grub: Annotated[Grub | None, sugar(fcos="1.5", openshift="4.14"), "The boot loader."] = None
    metadata: Annotated[Metadata | None, sugar(openshift="4.8"), "Metadata of the MachineConfig."] = None
    openshift: Annotated[OpenShift | None, sugar(openshift="4.8"), "What else the MachineConfig says."] = None
