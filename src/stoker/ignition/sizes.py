"""How much of a config a platform takes as user data.

In go a config and the name of a platform; out come findings: an error where the platform would refuse the config, a
warning where little room is left, and then the parts that take most of it, each with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from stoker.ignition import notices as m
from stoker.ignition.encode import encode
from stoker.report import ROOT, Place, Pointer, Report, Severity
from stoker.schema.objects import Object

LARGEST: Final = 5
# From this share of the limit on a config is near it.
NEAR: Final = 0.9
# A part that takes less than this share of the config is not named.
WORTH_NAMING: Final = 0.01


class Limit(NamedTuple):
    """A row: a platform, what carries its user data, how many bytes that takes, and who says so.

    `is_base64` tells whether they are counted in base64.
    """

    platform: str
    carrier: str
    size: int
    source: str
    is_base64: bool = False

    def measure(self, size: int) -> int:
        """How many bytes of the limit a config of `size` bytes takes."""
        return (size + 2) // 3 * 4 if self.is_base64 else size


_LIMITS: Final = (
    Limit("aws", "user data", 16_384, "docs.aws.amazon.com, EC2 user guide: 16 KB before it is encoded"),
    Limit("azure", "custom data", 65_535, "learn.microsoft.com, OSProfile.customData: 65535 bytes once decoded"),
    Limit("gcp", "the metadata value `user-data`", 262_144, "cloud.google.com, Compute Engine: 256 KB a value"),
    Limit("openstack", "user data", 65_535, "OpenStack Nova user guide: 65535 bytes, encoded", is_base64=True),
    Limit("vsphere", "user data", 524_288, "developer.broadcom.com, CustomizationCloudinitPrep: 512 KB"),
    Limit("virtualbox", "the guest property `/Ignition/Config`", 1_024, "VirtualBox: 1024 bytes a guest property"),
)
LIMITS: Final = {limit.platform: limit for limit in _LIMITS}


def judge_size(
    config: Object, platform: str, find: Callable[[Pointer], Place | None], written: int | None = None
) -> Report:
    """Judge the size of `config` for a platform of LIMITS; `find` gives the place of a part of it.

    `written` is how many bytes its text has, where it is handed over as it stands rather than compiled.
    """
    limit = LIMITS[platform]
    report = Report()
    taken = limit.measure(len(encode(config)) if written is None else written)
    if taken < NEAR * limit.size:
        return report
    severity, message = (Severity.ERROR, m.TOO_LARGE) if taken > limit.size else (Severity.WARNING, m.NEARLY_TOO_LARGE)
    values = {"taken": taken, "limit": limit.size, "platform": platform, "carrier": limit.carrier}
    report.add(severity, message, ROOT, find(ROOT), **values)
    largest = sorted(_parts(msgspec.to_builtins(config)), key=lambda part: -part[1])
    for pointer, size in largest[:LARGEST]:
        if limit.measure(size) < WORTH_NAMING * taken:
            break
        report.add(Severity.INFO, m.LARGE_PART, pointer, find(pointer), taken=limit.measure(size), total=taken)
    return report


def _parts(data: dict[str, Any]) -> Iterator[tuple[Pointer, int]]:
    """The entries of a config that a person thinks of as one, and the bytes of each."""
    for section, lists in data.items():
        for name, entries in lists.items():
            if isinstance(entries, list):
                yield from (((section, name, index), len(encode(entry))) for index, entry in enumerate(entries))
            else:
                yield (section, name), len(encode(entries))
