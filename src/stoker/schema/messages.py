"""What can be wrong with a config.

The sentences are those of Ignition 2.26 and Butane 0.29, those about Ignition 2 alone Ignition 0.35's, word for word,
since scripts match them; codes and hints are Stoker's. Rows are grouped as the tables are.
"""

from __future__ import annotations

from typing import Final

from stoker.report import Message

# The text as such
WRONG_TYPE: Final = Message("wrong-type", "expected {wanted}, got {got}", "{advice}")
UNUSED_KEY: Final = Message("unused-key", "unused key {key}")
TREE_MISMATCH: Final = Message(
    "unsure-place",
    "context tree does not match content tree at {where}. Line and column reporting may be inconsistent. "
    "Unused keys may not be reported",
)
DUPLICATE_ENTRY: Final = Message("duplicate-entry", "duplicate entry defined", "merge the entries or rename one")

# ignition
INVALID_VERSION: Final = Message("invalid-version", "invalid config version (couldn't parse)")
UNKNOWN_VERSION: Final = Message("unknown-version", "unsupported config version")
SOURCE_REQUIRED: Final = Message("source-required", "source is required")
INVALID_PROXY: Final = Message("invalid-proxy", "proxies must be http(s)")
INSECURE_PROXY: Final = Message("insecure-proxy", "insecure plaintext HTTP proxy specified for HTTPS resources")

# resources
INVALID_URL: Final = Message("invalid-url", "unable to parse url")
INVALID_SCHEME: Final = Message("invalid-scheme", "invalid url scheme")
INVALID_DATA_URL: Final = Message("invalid-data-url", "{fault}")
INVALID_ARN: Final = Message("invalid-arn", "invalid S3 ARN format")
INVALID_VERSION_ID: Final = Message("invalid-version-id", "invalid S3 object VersionId")
INVALID_COMPRESSION: Final = Message("invalid-compression", "invalid compression method", "use `gzip` or nothing")
VERIFICATION_WITHOUT_SOURCE: Final = Message(
    "verification-without-source", "source must be specified if verification is specified"
)
HEADERS_SCHEME: Final = Message("headers-scheme", "cannot use HTTP headers with this source scheme")
HEADER_NAME: Final = Message("header-name", "HTTP header name can't be empty")
HEADER_VALUE: Final = Message("header-value", "unable to parse HTTP header")
HASH_MALFORMED: Final = Message(
    "hash-malformed", "malformed hash specifier", "write `sha512-` or `sha256-` and hex digits"
)
HASH_UNRECOGNIZED: Final = Message("hash-unrecognized", "unrecognized hash function")
HASH_SIZE: Final = Message("hash-size", "incorrect size for hash sum")
TOO_MANY_SOURCES: Final = Message("too-many-sources", "only one of the following can be set: inline, local, source")
UNKNOWN_INNER_VERSION: Final = Message(
    "unknown-inner-version", "skipping validation for the merge/replace ignition config due to an unkown version"
)
INNER_CONFIG: Final = Message("inner-config", "{fault}")

# nodes
NO_PATH: Final = Message("no-path", "path not specified")
RELATIVE_PATH: Final = Message("relative-path", "path not absolute", "start it with `/`")
DIRTY_PATH: Final = Message("dirty-path", "path is not fully simplified", "remove `//`, `.`, `..` and a `/` at the end")
ID_AND_NAME: Final = Message("id-and-name", "cannot set both id and name")
ILLEGAL_MODE: Final = Message("illegal-mode", "illegal file mode", "modes go from 0000 to 07777")
SPECIAL_MODE: Final = Message(
    "special-mode", "setuid/setgid/sticky bits are not supported or functional in spec versions older than 3.6.0"
)
DECIMAL_MODE: Final = Message(
    "decimal-mode", "unreasonable mode would be reasonable if specified in octal; remember to add a leading zero"
)
OVERWRITE_WITHOUT_SOURCE: Final = Message(
    "overwrite-without-source", "overwrite must be false if source is unspecified"
)
PATH_IS_UNIT: Final = Message(
    "path-is-unit", "path conflicts with systemd unit or dropin", "write it once, as a unit or as a file"
)
FILE_BELOW_LINK: Final = Message("file-below-link", "file path includes link in config")
DIRECTORY_BELOW_LINK: Final = Message("directory-below-link", "directory path includes link in config")
LINK_BELOW_LINK: Final = Message("link-below-link", "link path includes link in config")
TARGET_REQUIRED: Final = Message("target-required", "link target is required")
HARD_LINK_TO_DIRECTORY: Final = Message("hard-link-to-directory", "hard link target is a directory")
HARD_LINK_OWNER: Final = Message("hard-link-owner", "user/group ignored for hard link")
TREE_WITHOUT_LOCAL: Final = Message("tree-without-local", "local is required")

# local files
LOCAL_UNREADABLE: Final = Message(
    "local-unreadable",
    "{fault}",
    "local files are looked for in `{directory}`; `--files-dir` names another directory",
)
NO_FILES_DIR: Final = Message(
    "no-files-dir", "local file paths are relative to a files directory that must be specified with -d/--files-dir"
)
FILES_DIR_ESCAPE: Final = Message("files-dir-escape", "local file path traverses outside the files directory")
TREE_FILE_TYPE: Final = Message("tree-file-type", "trees may only contain files, directories, and symlinks")
TREE_NOT_DIRECTORY: Final = Message("tree-not-directory", "root of tree must be a directory")
NODE_EXISTS: Final = Message("node-exists", "matching filesystem node has existing contents or different type")

# disks
DEVICE_REQUIRED: Final = Message("device-required", "disk device is required")
NUMBERS_COLLIDE: Final = Message("numbers-collide", "partition numbers collide")
PARTITIONS_OVERLAP: Final = Message("partitions-overlap", "partitions overlap")
NUMBERLESS_WITH_ABSENT: Final = Message(
    "numberless-with-absent", "shouldExist is false for a partition and other partition(s) has start or size 0"
)
LABELS_COLLIDE: Final = Message("labels-collide", "cannot use the same partition label twice")
NOT_EXIST_WITH_OTHERS: Final = Message(
    "not-exist-with-others", "shouldExist specified false with other options also specified"
)
LABEL_OR_NUMBER: Final = Message("label-or-number", "a partition number >= 1 or a label must be specified")
PARTITION_LABEL_LONG: Final = Message("partition-label-long", "partition labels may not exceed 36 characters")
PARTITION_LABEL_COLON: Final = Message(
    "partition-label-colon", "partition label will be truncated to text before the colon"
)
NOT_A_GUID: Final = Message("not-a-guid", 'doesn\'t match the form "01234567-89AB-CDEF-EDCB-A98765432101"')
REUSE_BY_LABEL: Final = Message(
    "reuse-by-label",
    "partitions cannot be reused by label; number must be specified except on boot disk "
    "(/dev/disk/by-id/coreos-boot-disk) or when wipe_table is true",
)
WRONG_NUMBER: Final = Message(
    "wrong-number", "incorrect partition number; a new partition will be created using reserved label"
)
ROOT_TOO_SMALL: Final = Message("root-too-small", "root should have 8GiB of space assigned")
ROOT_CONSTRAINED: Final = Message(
    "root-constrained",
    "root partition cannot expand; it is set to fill available space but is followed by an auto-positioned partition",
)

# file systems
FORMAT_REQUIRED: Final = Message(
    "format-required",
    "format cannot be empty when path, label, uuid, wipeFilesystem, options, or mountOptions is specified",
)
INVALID_FORMAT: Final = Message("invalid-format", "invalid filesystem format")
LABEL_WITHOUT_FORMAT: Final = Message("label-without-format", "filesystem must specify format if label is specified")
LABEL_LONG: Final = Message(
    "label-long", "filesystem labels cannot be longer than {limit} characters when using {format}"
)
VIRTIOFS_LABEL: Final = Message("virtiofs-label", "filesystem labels cannot be set when using virtiofs")
VIRTIOFS_TAG_LONG: Final = Message("virtiofs-tag-long", "virtiofs device tag cannot be longer than 36 bytes")
NO_DEVICE: Final = Message("no-device", "device not specified")
VIRTIOFS_UUID: Final = Message("virtiofs-uuid", "filesystem uuid cannot be set for non-block-device filesystems")
VIRTIOFS_WIPE: Final = Message("virtiofs-wipe", "wipeFilesystem cannot be set for non-block-device filesystems")
VIRTIOFS_OPTIONS: Final = Message(
    "virtiofs-options", "filesystem options (mkfs) cannot be set for non-block-device filesystems"
)
PARTITIONS_OVERWRITTEN: Final = Message("partitions-overwritten", "filesystem overwrites partitioned device")
IMPLICIT_WIPE: Final = Message("implicit-wipe", "device matches disk with wipeTable enabled; filesystem will be wiped")
MOUNT_UNIT_PATH: Final = Message(
    "mount-unit-path", "path is required if with_mount_unit is true and format is not swap"
)
MOUNT_UNIT_FORMAT: Final = Message("mount-unit-format", "format is required if with_mount_unit is true")
MOUNT_POINT_FORBIDDEN: Final = Message(
    "mount-point-forbidden", "path must be under /etc or /var if with_mount_unit is true"
)

# raid and luks
RAID_LEVEL_REQUIRED: Final = Message("raid-level-required", "raid level is required")
RAID_LEVEL_UNKNOWN: Final = Message("raid-level-unknown", "unrecognized raid level")
RAID_SPARES: Final = Message("raid-spares", "spares unsupported for linear and raid0 arrays")
RAID_DEVICES_REQUIRED: Final = Message("raid-devices-required", "raid devices required")
LUKS_NAME_SLASH: Final = Message("luks-name-slash", "device names cannot contain slashes")
LUKS_LABEL_LONG: Final = Message("luks-label-long", "luks device labels cannot be longer than 47 characters")
LUKS_KEY_FILE: Final = Message("luks-key-file", "invalid key-file source")
CLEVIS_CUSTOM_WITH_OTHERS: Final = Message(
    "clevis-custom-with-others", "cannot use custom clevis config with tpm2, tang, or threshold"
)
CLEVIS_PIN_REQUIRED: Final = Message("clevis-pin-required", "missing required custom clevis pin")
CLEVIS_PIN_UNKNOWN: Final = Message("clevis-pin-unknown", "unsupported clevis pin")
CLEVIS_CONFIG_REQUIRED: Final = Message("clevis-config-required", "missing required custom clevis config")
TANG_THUMBPRINT: Final = Message("tang-thumbprint", "thumbprint is required")
TANG_ADVERTISEMENT: Final = Message("tang-advertisement", "advertisement is not valid JSON")
CEX_WITH_CLEVIS: Final = Message("cex-with-clevis", "cannot use cex with clevis")
CEX_WITH_KEY_FILE: Final = Message("cex-with-key-file", "cannot use key file with cex")

# units
UNIT_SUFFIX: Final = Message("unit-suffix", "invalid systemd unit extension")
DROPIN_SUFFIX: Final = Message("dropin-suffix", "invalid systemd drop-in extension")
UNIT_CONTENT: Final = Message("unit-content", "invalid unit content: {fault}")
NO_INSTALL: Final = Message(
    "no-install",
    "unit {name} is enabled, but has no install section so enable does nothing",
    "add an [Install] section",
)
NO_TEMPLATE_INSTALL: Final = Message(
    "no-template-install", "template unit {template} for {name} doesn't have Install section"
)
TOO_MANY_CONTENTS: Final = Message(
    "too-many-contents", "only one of the following can be set: contents, contents_local"
)
QUADLET_SUFFIX: Final = Message(
    "quadlet-suffix",
    "unsupported file extension for quadlet: must be one of .container, .volume, .network, .kube, .image, .build, "
    ".pod, or .artifact",
)
QUADLET_INSTANCE: Final = Message("quadlet-instance", "template instances cannot have contents or contents_local")

# boot_device and grub
LAYOUT_UNKNOWN: Final = Message(
    "layout-unknown", "layout must be one of: aarch64, ppc64le, s390x-eckd, s390x-virt, s390x-zfcp, x86_64"
)
LAYOUT_UNKNOWN_OLD: Final = Message("layout-unknown", "layout must be one of: aarch64, ppc64le, x86_64")
MIRROR_TOO_FEW: Final = Message("mirror-too-few", "mirroring requires at least two devices")
MIRROR_WITHOUT_LAYOUT: Final = Message(
    "mirror-without-layout", "boot_device.layout should be specified when boot_device.mirror is specified"
)
MIRROR_UNSUPPORTED: Final = Message(
    "mirror-unsupported", "mirroring not supported on layouts: s390x-eckd, s390x-zfcp, s390x-virt"
)
LUKS_DEVICE_REQUIRED: Final = Message("luks-device-required", "device is required for layouts: s390x-eckd, s390x-zfcp")
LUKS_DEVICE_NAME: Final = Message(
    "luks-device-name",
    "device name must start with /dev/dasd on s390x-eckd layout or /dev/sd on s390x-zfcp layout",
)
CEX_ARCHITECTURE: Final = Message("cex-architecture", "when using cex the targeted architecture must match s390x")
NO_LUKS_METHOD: Final = Message("no-luks-method", "no method specified for luks")
GRUB_NAME: Final = Message("grub-name", 'field "name" is required')
GRUB_PASSWORD: Final = Message("grub-password", 'field "password_hash" is required')

# what a variant forbids
CEX_UNSUPPORTED: Final = Message("cex-unsupported", "cex is not currently supported on the target platform")
CLEVIS_UNSUPPORTED: Final = Message("clevis-unsupported", "clevis is not supported in this spec version")
KERNEL_ARGUMENTS_UNSUPPORTED: Final = Message(
    "kernel-arguments-unsupported", "kernel argument customization is not supported in this spec version"
)
DISKS_UNSUPPORTED: Final = Message("disks-unsupported", "disk customization is not supported in this spec version")
FILESYSTEMS_UNSUPPORTED: Final = Message(
    "filesystems-unsupported", "filesystem customization is not supported in this spec version"
)
LUKS_UNSUPPORTED: Final = Message("luks-unsupported", "luks is not supported in this spec version")
RAID_UNSUPPORTED: Final = Message("raid-unsupported", "raid is not supported in this spec version")

# MachineConfigs
FIELD_ELIDED: Final = Message("field-elided", "field ignored in raw mode")
NAME_REQUIRED: Final = Message("name-required", "metadata.name is required")
ROLE_REQUIRED: Final = Message("role-required", "machineconfiguration.openshift.io/role label is required")
KERNEL_TYPE: Final = Message("kernel-type", 'must be empty, "default", or "realtime"')
BTRFS_UNSUPPORTED: Final = Message("btrfs-unsupported", "btrfs is not supported in this spec version")
NONE_UNSUPPORTED: Final = Message("none-unsupported", 'format "none" is not supported in this spec version')
SCHEME_UNSUPPORTED: Final = Message("scheme-unsupported", "file contents source must be data URL in this spec version")
APPEND_UNSUPPORTED: Final = Message("append-unsupported", "appending to files is not supported in this spec version")
COMPRESSION_UNSUPPORTED: Final = Message(
    "compression-unsupported", "file compression is not supported in this spec version"
)
HEADERS_UNSUPPORTED: Final = Message("headers-unsupported", "file HTTP headers are not supported in this spec version")
SPECIAL_MODE_UNSUPPORTED: Final = Message(
    "special-mode-unsupported", "special mode bits are not supported in this spec version"
)
GROUPS_UNSUPPORTED: Final = Message("groups-unsupported", "groups are not supported in this spec version")
USER_FIELD_UNSUPPORTED: Final = Message(
    "user-field-unsupported",
    'fields other than "name", "ssh_authorized_keys", and "password_hash" (4.13.0+) are not supported in this spec '
    "version",
)
USER_NAME_UNSUPPORTED: Final = Message(
    "user-name-unsupported", 'users other than "core" are not supported in this spec version'
)
DIRECTORIES_UNSUPPORTED: Final = Message(
    "directories-unsupported", "directories are not supported in this spec version"
)
LINKS_UNSUPPORTED: Final = Message("links-unsupported", "links are not supported in this spec version")
ARGUMENTS_ELSEWHERE: Final = Message(
    "arguments-elsewhere",
    "this section cannot be used for kernel arguments in this spec version; use openshift.kernel_arguments instead",
)
CEX_ARGUMENT: Final = Message(
    "cex-argument",
    "'rd.luks.key=/etc/luks/cex.key' must be set as kernel argument when CEX is enabled for the boot device",
)

# Ignition 2
UNRECOGNIZED_KEY: Final = Message("unused-key", "Config has unrecognized key: {key}")
UNKNOWN_FILESYSTEM: Final = Message(
    "unknown-filesystem",
    "{kind} {path} references nonexistent filesystem {name}. (This is ok if it is defined in a referenced config)",
)
SHADOWED_FILESYSTEM: Final = Message("shadowed-filesystem", "Filesystem {name} shadows exising filesystem definition")
NO_FILESYSTEM: Final = Message("no-filesystem", "no filesystem specified", "write `root` for the root file system")
NO_MOUNT_OR_PATH: Final = Message("no-mount-or-path", "filesystem is missing mount or path")
MOUNT_AND_PATH: Final = Message("mount-and-path", "filesystem has both mount and path defined")
FILESYSTEM_PATH: Final = Message("filesystem-path", "filesystem {name}: path not absolute")
CREATE_AND_WIPE: Final = Message("create-and-wipe", "cannot use both create object and wipeFilesystem field")
CREATE_AND_OPTIONS: Final = Message("create-and-options", "cannot use both create object and mount-level options field")
MOUNT_CREATE_DEPRECATED: Final = Message(
    "mount-create-deprecated", "the create object has been deprecated in favor of mount-level options"
)
USER_CREATE_DEPRECATED: Final = Message(
    "user-create-deprecated", "the create object has been deprecated in favor of user-level options"
)
CREATE_AND_FIELD: Final = Message(
    "create-and-field", "cannot use both the create object and the user-level {name} field"
)
APPEND_AND_OVERWRITE: Final = Message("append-and-overwrite", "cannot set both append and overwrite to true")
MODE_UNSET: Final = Message("mode-unset", "permissions unset, defaulting to 0000")
CONTENTS_URL: Final = Message("contents-url", "invalid url {url}: {fault}")
DUPLICATE_HEADER: Final = Message("duplicate-header", "Found duplicate HTTP header: {name}")
PARTITIONS_MISALIGNED: Final = Message(
    "partitions-misaligned", "partitions misaligned", "start them at a multiple of 2048 sectors, which is 1 MiB"
)
SPARES_IN_STRIPES: Final = Message("raid-spares", "spares unsupported for arrays with a level greater than 0")
MIXED_UNITS: Final = Message("mixed-units", "cannot mix MBs and sectors within a disk")
SIZE_DEPRECATED: Final = Message("size-deprecated", "size is deprecated; use sizeMB instead", "its name is `sizeMiB`")
START_DEPRECATED: Final = Message(
    "start-deprecated", "start is deprecated; use startMB instead", "its name is `startMiB`"
)
NETWORKD_SUFFIX: Final = Message("networkd-suffix", "invalid networkd unit extension")
NETWORKD_DROPIN_SUFFIX: Final = Message("networkd-dropin-suffix", "invalid networkd drop-in extension")
NEGATIVE_ID: Final = Message("negative-id", "ids are not negative in this spec version")
