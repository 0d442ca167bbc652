"""How an image or a test bends the stages: in goes the environment, out come paths, switches and names of tools.

What Ignition takes from its environment, and what it lets distributions choose when it is built, has one form here:
`IGNITION_` and the name in capitals. Source: Ignition's `internal/distro` (2.27).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from stoker.engine.bases import FEDORA_COREOS
from stoker.engine.distributions import KEYS_FILE, KEYS_FRAGMENT, Distribution
from stoker.system.real import BOOT_ID

PREFIX: Final = "IGNITION_"
IMAGE: Final = Distribution("image", "this image", FEDORA_COREOS)  # its accounts are there already
FALSE: Final = frozenset({"false", "0"})

# Tools by the name that they are called by, and the variable that names another program to call.
TOOLS: Final = {
    **{
        name: f"{name.upper()}_CMD"
        for name in (
            *("groupadd", "groupmod", "groupdel", "useradd", "usermod", "userdel", "setfiles", "systemctl"),
            *("dmsetup", "mdadm", "mount", "partx", "sgdisk", "modprobe", "udevadm", "wipefs", "clevis", "cryptsetup"),
            *("vmur", "chccwdev"),
        )
    },
    "cio_ignore": "CIO_IGNORE_CMD",
    "ignition-kargs-helper": "KARGS_CMD",
    "mkfs.btrfs": "BTRFS_MKFS_CMD",
    "mkfs.ext4": "EXT4_MKFS_CMD",
    "mkfs.fat": "VFAT_MKFS_CMD",
    "mkfs.xfs": "XFS_MKFS_CMD",
    "mkswap": "SWAP_MKFS_CMD",
}


class Surroundings(msgspec.Struct, frozen=True):
    """Where things go on this image, which programs do what, and the file that has the id of this boot."""

    distribution: Distribution
    tools: dict[str, str]
    boot_id: str = BOOT_ID


def surroundings_of(environment: Mapping[str, str]) -> Surroundings:
    """Read the environment. A switch that is neither true nor false stays as it is without."""

    def text(name: str, default: str) -> str:
        return environment.get(PREFIX + name) or default

    def switch(name: str) -> bool:
        return environment.get(PREFIX + name, "") not in FALSE

    distribution = msgspec.structs.replace(
        IMAGE,
        keys=KEYS_FRAGMENT if switch("WRITE_AUTHORIZED_KEYS_FRAGMENT") else KEYS_FILE,
        relabels=switch("SELINUX_RELABEL"),
        # Empty is a value here: no record is written then.
        result=environment.get(PREFIX + "RESULT_FILE_PATH", IMAGE.result),
        volume_keys=text("LUKS_REAL_ROOT_KEY_FILE_PATH", IMAGE.volume_keys).rstrip("/"),
    )
    tools = {tool: environment[PREFIX + name] for tool, name in TOOLS.items() if environment.get(PREFIX + name)}
    return Surroundings(distribution, tools, text("BOOT_ID_PATH", BOOT_ID))
