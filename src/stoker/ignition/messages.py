"""What can be wrong with a config before its rules apply, and what a conversion loses.

The first sentences are Ignition 2.26's.
"""

from __future__ import annotations

from typing import Final

from stoker.report import Message
from stoker.schema.specs import IGNITION, IGNITION_2

_LEAST: Final = 'a config begins with `{"ignition": {"version": "3.4.0"}}`'
EMPTY: Final = Message("empty-config", "not a config (empty)", _LEAST)
INVALID_VERSION: Final = Message("invalid-config-version", "invalid config version (couldn't parse)", _LEAST)
UNKNOWN_VERSION: Final = Message(
    "unknown-config-version",
    "unsupported config version",
    f"there are {', '.join(spec.version for spec in (*IGNITION_2, *IGNITION))}",
)
OLDEST: Final = Message(
    "oldest-ignition", "this is Ignition 1, of 2015: only 2 and 3 are read", "write it anew, best as Butane"
)
OLDER: Final = Message(
    "older-ignition", "this is Ignition {version}, of which version 3 has to be made", "`convert` brings it to 3.4.0"
)
WRONG_TYPE: Final = Message("wrong-json-type", "{problem}")
WRONG_TYPE_HERE: Final = Message(WRONG_TYPE.code, "expected {wanted}, got {got}", "{advice}")
BUTANE: Final = Message("not-ignition", "this is Butane, not Ignition", "`stoker compile` makes Ignition of it")

# conversion
NOT_IN_TARGET: Final = Message(
    "not-in-target", "`{name}` cannot be said in Ignition {target}; it came with {since}", "convert to {since} or later"
)
MODE_MASKED: Final = Message(
    "mode-masked",
    "setuid, setgid and sticky bits are dropped: before 3.6.0 they had no effect, so keeping them would give more "
    "rights than before",
    "write the mode again after the conversion",
)
RULE_IN_TARGET: Final = Message("rule-in-target", "Ignition {target} refuses this: {problem}")
PLAIN_RULE_IN_TARGET: Final = Message(RULE_IN_TARGET.code, "{problem}")

# What a version cannot say, in the words of ign-converter; `before` is the last version without it.
_LATER: Final = "convert to {since} or later"
NO_KERNEL_ARGUMENTS: Final = Message("no-kernel-arguments", "KernelArguments is not supported on {before}", _LATER)
NO_LUKS: Final = Message("no-luks", "LUKS is not supported on {before}", _LATER)
NO_USER_SHOULD_EXIST: Final = Message(
    "no-should-exist", "ShouldExist in Passwd.Users is not supported on {before}", _LATER
)
NO_GROUP_SHOULD_EXIST: Final = Message(
    "no-should-exist", "ShouldExist in Passwd.Groups is not supported on {before}", _LATER
)
NO_RESIZE: Final = Message("no-resize", "Resize in Storage.Disks.Partitions is not supported on {before}", _LATER)
NO_CEX: Final = Message("no-cex", "'Cex' type is not supported in spec v{before}", _LATER)
NO_ADVERTISEMENT: Final = Message(
    "no-advertisement", "tang offline provisioning is not supported in spec v{before}", _LATER
)
NO_DISCARD: Final = Message("no-discard", "luks discard is not supported in spec v{before}", _LATER)
NO_OPEN_OPTIONS: Final = Message("no-open-options", "luks openOptions is not supported in spec v{before}", _LATER)
NO_SPECIAL_MODE: Final = Message(
    "no-special-mode", "special mode bits are not supported in spec v{before}", "set them from a unit"
)

# Ignition 3 to 2
NO_COMPRESSION: Final = Message("no-compression", "Compression in {where} is not supported on {before}")
NO_HEADERS: Final = Message("no-headers", "HTTPHeaders in {where} are not supported on {before}")
NO_PROXY: Final = Message("no-proxy", "HTTP proxies in Ignition.Proxy are not supported on {before}")
NO_MIB: Final = Message(
    "no-mib", "SizeMiB and StartMiB in Storage.Disks.Partitions is not supported on {before}", "convert to 2.3 or later"
)
NO_MOUNT_OPTIONS: Final = Message(
    "no-mount-options", "MountOptions in Storage.Filesystems is not supported on {before}", "mount it by a unit"
)
NO_SOURCE: Final = Message("no-reference-source", "a config to merge needs a source")
HEADER_REMOVED: Final = Message(
    "header-removed", "a header without a value takes the parent's away, which Ignition 2 cannot say"
)
EMPTY_FILE_DROPPED: Final = Message(
    "empty-file-dropped",
    "a file without contents and without anything to append is left out",
    "give it `data:,` as its source",
)
EMPTY_FILE_APPENDED: Final = Message(
    "empty-file-appended",
    "this file is made where it is missing and left alone where it is not, so nothing is appended to it",
)
MODE_WRITTEN: Final = Message("mode-written", "{mode} is written out: Ignition 2 takes no mode for 0000")
NOT_UNMASKED: Final = Message(
    "not-unmasked", "`mask: false` takes a mask away, which Ignition 2 cannot: the unit is left as it is"
)

# Ignition 2 to 3
MODE_GRANTED: Final = Message(
    "mode-granted",
    "without a mode Ignition 2 lets nobody read this (0000), Ignition 3 gives it {mode}",
    "write the mode that you want",
)
SECTORS: Final = Message("sectors", "{problem}", "what a sector is depends on the disk: say it in MiB, as 2.3 can")
NETWORKD: Final = Message(
    "networkd",
    "config includes deprecated networkd section - use Files instead",
    "write the file to /etc/systemd/network",
)
NETWORKD_MOVED: Final = Message(
    "networkd-moved",
    "this becomes the file {path}: Ignition 3 has no `networkd`",
    "a system without systemd-networkd does not read it: write a connection of NetworkManager there",
)
NETWORKD_EMPTY: Final = Message("networkd-empty", "{path} is left out: without contents nothing was written")
NO_MOUNT_POINT: Final = Message(
    "no-mount-point",
    "Config defined filesystem {name} but no mapping was defined."
    "Please specify a path to be used as the filesystem mountpoint.",
    "`stoker convert --filesystems {name}=PATH` says where it is mounted",
)
ELSEWHERE: Final = Message(
    "filesystem-elsewhere",
    "the file system {name} is not in this config, and nothing says where it is mounted",
    "`stoker convert --filesystems {name}=PATH` says where it is mounted",
)
SAME_PATH: Final = Message(
    "same-path",
    "Config has conflicting inodes: {first} and {second}.  "
    "All files, directories and links must specify a unique `path`.",
    "keep one of them; --dedupe keeps the last file",
)
OWN_LINK: Final = Message(
    "own-link", "{what} uses link defined in config {link}. Please use a link not defined in Storage:Links"
)
SAME_UNIT: Final = Message(
    "same-unit",
    "Config has duplicate unit name {name}.  All units must specify a unique `name`.",
    "keep one of them; --dedupe keeps the last",
)
SAME_DROPIN: Final = Message(
    "same-dropin", "Config has duplicate dropin name {name} in unit {unit}.  All dropins must specify a unique `name`."
)
CREATE_DROPPED: Final = Message("create-dropped", "the `create` object is left out: Ignition 3 has no place for it")
USER_CREATE_MOVED: Final = Message(
    "user-create-moved",
    "what `create` says of the user now stands beside it, and holds for a user that is there already, too",
)
MOUNT_CREATE_MOVED: Final = Message(
    "mount-create-moved",
    "`create` becomes `options` and, by force, `wipeFilesystem`: without force a file system that matches is kept",
)
ROOT_DROPPED: Final = Message(
    "root-filesystem-dropped", "the file system `root` is left out: Ignition 3 takes it as given"
)
MOUNTED_DROPPED: Final = Message(
    "mounted-filesystem-dropped",
    "the file system {name} is left out: it is mounted already, and what is in it goes below {path}",
)
APPENDED_TWICE: Final = Message(
    "appended-twice", "`{path}` is there more than once and appended to, so the last entry is not all of it"
)
SAID_AGAIN: Final = Message("said-again", "left out: entry {index} of the same list says it again")
