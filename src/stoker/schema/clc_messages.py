"""What can be wrong with a Container Linux Config.

The sentences are those of ct 0.9.0, word for word; codes and hints are Stoker's.
"""

from __future__ import annotations

from typing import Final

from stoker.report import Message

EMPTY: Final = Message("empty-config", "Configuration is empty")
UNKNOWN_KEY: Final = Message("unused-key", "Config has unrecognized key: {key}")
OTHER_CASE: Final = Message("key-case", "Did you mean {meant} instead of {key}")
NOT_A_VERSION: Final = Message(
    "service-version", "{version} is not in dotted-tri format", "write three numbers, such as 3.1.6"
)

WRONG_LANGUAGE_VERSION: Final = Message(
    "invalid-version", "Invalid version. Only version 0 is supported", "leave `version` out"
)
ETCD_OLD: Final = Message("etcd-old", "Etcd version specified is not valid (too old)", "the oldest is 2.3.0")
ETCD_MINOR_NEW: Final = Message(
    "etcd-new",
    "Etcd minor version specified is too new, only options available in the previous minor version will be accepted",
)
ETCD_NEW: Final = Message("etcd-new", "Etcd version is not valid (too new)", "the newest are those of 3.3")
FLANNEL_OLD: Final = Message("flannel-old", "invalid flannel version (too old)", "the oldest is 0.5.0")
FLANNEL_MINOR_NEW: Final = Message(
    "flannel-new",
    "flannel minor version too new. Only options available in the previous minor version will be supported",
)
NETWORK_CONFIG: Final = Message(
    "network-config", "flannel network config doesn't appear to be valid JSON", "write an object between braces"
)
NETWORK_CONFIG_UNUSED: Final = Message(
    "network-config-unused", "flannel network config cannot be provided if kube_subnet_mgr is set"
)
UPDATE_GROUP: Final = Message("update-group", "unknown update group", "the groups are stable, beta and alpha")
URL: Final = Message("invalid-url", 'parse "{url}": not a valid URL')

WINDOW_HALF: Final = Message("window-half", "window-start and window-length must both be specified")
STRATEGY: Final = Message("reboot-strategy", "unknown reboot strategy", "the strategies are reboot, etcd-lock and off")
WINDOW_DAY: Final = Message("window-day", "unknown day in window start", "days are Sun, Mon, Tue, Wed, Thu, Fri, Sat")
WINDOW_START: Final = Message("window-start", "couldn't parse window start", "write `Thu 04:00` or `04:00`")
WINDOW_LENGTH: Final = Message("window-length", "couldn't parse window length", "write `1h30m`")

FILE_MODE: Final = Message("mode-unset", "mode unspecified for file, defaulting to 0644")
APPEND_MODE: Final = Message("mode-unset", "mode unspecified for file, defaulting to 0644 if the file does not exist")
DIRECTORY_MODE: Final = Message("mode-unset", "mode unspecified for directory, defaulting to 0755")
TOO_MANY_SOURCES: Final = Message("too-many-sources", "only one of the following can be set: local, inline, remote.url")

# what stands in the way while it becomes an Ignition config
PLATFORM_UNKNOWN: Final = Message("platform-unknown", "unsupported platform", "the platforms are {platforms}")
PLATFORM_NEEDED: Final = Message(
    "platform-needed",
    "platform must be specified to use templating",
    "`--platform NAME` says which; there are {platforms}",
)
FIELD_UNKNOWN: Final = Message(
    "dynamic-field", "unknown field", "`{{{field}}}` is none that the platform {platform} knows: {fields}"
)
NO_FILES_DIR: Final = Message(
    "no-files-dir",
    "local files require setting the --files-dir flag to the directory that contains the file",
)
LOCAL_UNREADABLE: Final = Message("local-unreadable", "{fault}")
SIZE_UNIT: Final = Message("size-unit", "units: unknown unit {unit} in {size}", "write `512MiB` or `20GiB`")
SIZE_INVALID: Final = Message("size-invalid", "units: invalid {size}", "write `512MiB` or `20GiB`")
SIZE_OVERFLOW: Final = Message("size-overflow", "units: overflow parsing unit")
SIZE_NEGATIVE: Final = Message("size-negative", "invalid dimension (negative): {size}")
SIZE_UNEVEN: Final = Message("size-uneven", "invalid dimension (finest granularity is 1MiB)")

# what is lost on the way to Ignition 3
BOUND: Final = Message(
    "container-linux-only",
    "`{section}` counts on {what}: Flatcar has it, other systems do not heed this",
    "on another system, write units of its own for this",
)
