"""The room's catalogue: every reason why a config cannot be had, with its code and what to do about it.

`resource not found`, `failed to fetch resource` and the words on kernel arguments are Ignition's (2.27).
"""

from __future__ import annotations

from typing import Final

from stoker.report import Message

UNKNOWN_PLATFORM: Final = Message(
    "unknown-platform",
    "{name} is not a valid platform",
    "give one of these as `ignition.platform.id`: {known}",
)
NEEDS_NETWORK: Final = Message("needs-network", "the config is at {where}, and there is no network yet")
UNREACHABLE: Final = Message(
    "platform-unreachable",
    "no answer from {where}: {reason}",
    "check that the machine has an address and that its platform is the one it was told",
)

FETCH_DAMAGED: Final = Message("config-damaged", "what came is no config: {reason}")

# Metadata services
NOT_FOUND: Final = Message(
    "no-user-data",
    "resource not found: {where} has no config for this machine (status 404)",
    "give the machine user data, or another `ignition.platform.id`",
)
REFUSED: Final = Message(
    "metadata-refused",
    "failed to fetch resource: {where} answered with status {status}",
    "check that the metadata service is on for this machine, and `ignition.platform.id`",
)
NOT_A_URL: Final = Message("not-a-url", "failed to parse url: what {where} names is none", "write it as RFC 3986 says")
EMPTY_TOKEN: Final = Message("empty-token", "failed to fetch resource: {where} gave an empty token")

# Taking a config back
CANNOT_DELETE: Final = Message("cannot-delete-config", "cannot delete config on this platform")

# What was found
TOO_LARGE: Final = Message("config-too-large", "the config at {where} is larger than {limit} bytes")
NOT_BASE64: Final = Message(
    "config-not-base64",
    "the config at {where} is not base64: {reason}",
    "encode it with `base64 -w0`, or say another encoding",
)
NOT_GZIP: Final = Message(
    "config-not-gzip",
    "the config at {where} is not gzip: {reason}",
    "compress it with `gzip`, or say another encoding",
)
UNKNOWN_ENCODING: Final = Message(
    "unknown-encoding",
    "unsupported encoding `{encoding}` of the config at {where}",
    "known are: {known}",
)
BAD_XML: Final = Message("bad-ovf-environment", "the OVF environment at {where} cannot be read: {reason}")
CUT_SHORT: Final = Message("config-cut-short", "the config at {where} has {found} bytes, not {size}")

# Machines
NOT_IN_TIME: Final = Message(
    "config-source-missing",
    "no config source within {seconds} s: {where}",
    "attach what is missing, or give the machine another `ignition.platform.id`",
)
NO_FILE: Final = Message("no-config-file", "no config at `{path}`", "write it there, or name another by `{name}`")
NO_TOOL: Final = Message(
    "no-platform-tool",
    "none of these is on this machine, and one is needed to ask the host for the config: {tools}",
    "install the hypervisor's guest tools into the initramfs",
)

# Kernel arguments
BAD_URL: Final = "failed to parse url: `{name}` on the kernel command line; it is left alone"
HALF_A_DEVICE: Final = Message(
    "half-a-config-device",
    'both "ignition.config.device" and "ignition.config.path" must be provided together',
    "name the label of the drive by the one and the file on it by the other",
)
BAD_LABEL: Final = Message(
    "bad-device-label",
    'invalid device label "{label}"',
    "give the label of a file system, as a name below /dev/disk/by-label",
)
NO_DEVICE: Final = Message(
    "config-device-missing",
    'device "{label}" did not appear within timeout',
    "check the label (`blkid`) and that the drive is attached",
)
NO_FILE_ON_DEVICE: Final = Message(
    "config-file-missing",
    'config file "{path}" not found on device "{label}"',
    "it is missing or empty; name it from the root of that file system on",
)
