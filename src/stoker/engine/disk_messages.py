"""The catalogue of the stages that prepare disks. Where Ignition says the same, the words are its (2.27)."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

NO_DEVICES: Final = Message(
    "no-devices",
    "`{what}` cannot be done: a tree has no block devices",
    "do it on the machine whose disks they are: `apply` with `--devices`, `plan` and `rearm` with `--root /`",
)
NO_DEVICE: Final = Message(
    "no-device",
    "failed to wait on {what} devs: there is no block device {device}",
    "check the path on the machine itself: `ls -l /dev/disk/by-*`",
)
NOT_A_DISK: Final = Message(
    "not-a-disk",
    "{device} is a partition of {disk}: it cannot have a partition table of its own",
    "name the disk",
)
SAME_DISK: Final = Message(
    "same-disk", "{device} and {other} are the same disk", "put all partitions under one of the two names"
)

# Partitions.
TABLE_FAULT: Final = Message(
    "partition-table", "getting partition count of {device}: {reason}", "set `wipe_table: true` to make a new table"
)
ACTIVE_DISK: Final = Message(
    "active-disk", "refusing to operate on directly active disk {device}", "{node} is {use}: release it first"
)
WIPE_ACTIVE: Final = Message(
    "wipe-active-disk", "refusing to wipe active disk {device}", "{node} is {use}: release it first"
)
ACTIVE_PARTITION: Final = Message(
    "active-partition",
    "refusing to modify active partition {number} on {device}",
    "{node} is {use}: release it first",
)
PARTITION_EXISTS: Final = Message(
    "partition-exists",
    "partition {number} exists but is specified as nonexistant and wipePartitionEntry is false",
    "set `wipe_partition_entry: true` to delete it{content}",
)
PARTITION_DIFFERS: Final = Message(
    "partition-differs",
    "partition {number} didn't match: {what} did not match (specified {wanted}, got {found})",
    "set `wipe_partition_entry: true` to replace it{content}, or say what is there",
)
NO_ROOM: Final = Message(
    "no-room",
    "failed to pretend to create partitions: could not create partition {number} from {start} to {last}: {reason}",
    "sizes and starts of a config are in MiB, these in sectors; 0 takes the largest free stretch",
)

# Arrays.
ARRAY_DIFFERS: Final = Message(
    "array-differs",
    "{name} runs already, as {found} of {members}",
    "stop it with `mdadm --stop`, or say what is there",
)
MEMBER_IN_USE: Final = Message("member-in-use", "mdadm failed: {node} is {use}", "release it first")

# Encrypted volumes. The first one is what Ignition ends with, the reasons are its own.
BAD_VOLUME: Final = Message(
    "bad-volume",
    "volume wipe was not requested and luks device {device} could not be reused: {reason}",
    "set `wipe_volume: true` to format it anew",
)
NOT_A_VOLUME: Final = Message(
    "not-a-volume",
    "volume at {device} is not of the correct type (found {found}) and a volume wipe was not requested",
    "set `wipe_volume: true` to format it anew",
)
NO_CEX: Final = Message(
    "no-cex", "`{name}` wants its key in a Crypto Express card, which is not supported", "leave out `cex`"
)
NO_KEY: Final = Message("no-key", "missing persisted keyfile for {name}", "prepare the disks in the same run")
VOLUME_IN_USE: Final = Message("volume-in-use", "cryptsetup failed: {node} is {use}", "release it first")

# File systems.
BAD_FILESYSTEM: Final = Message(
    "bad-filesystem",
    "filesystem at {device} is not of the correct type, label, or UUID (found {type}, {label}, {uuid})"
    " and a filesystem wipe was not requested",
    "set `wipe_filesystem: true` to make a new one, or say what is there",
)
FILESYSTEM_IN_USE: Final = Message(
    "filesystem-in-use", "{format} cannot be made on {device}: {node} is {use}", "release it first"
)
FILESYSTEM_TOO_SMALL: Final = Message(
    "filesystem-too-small",
    "{format} needs at least {least} MiB, and {device} has {found} MiB",
    "make it larger, or take `ext4`, which is content with less",
)
AMBIVALENT: Final = Message(
    "several-filesystems",
    "querying filesystem field of {device}: found multiple filesystem types",
    "`wipefs {node}` names them",
)
MOUNT_PATH: Final = Message(
    "mount-path", "mount path {path} contains non-directory component {component}", "mount at a path without links"
)
MOUNTED_OVER: Final = Message(
    "mounted-over",
    "{path} has {found} mounted already: {node} is mounted over it",
    "unmount it first if it is in the way",
)
