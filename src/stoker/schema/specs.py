"""The specs: every variant and version there is, by family, and the Ignition version each stands on.

In goes a variant and a version as a person wrote them; out comes a Spec. This module and the marks in the tables
are the only places that know which version came when.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec


class Spec(msgspec.Struct, frozen=True):
    """One language: a variant in one version.

    `minor` is the minor number of the Ignition version it stands on (7 for 3.7.0-experimental), `family` the table
    that has its rows: `v3`, `v2` for Ignition 2, or `clc` for Container Linux Config and the programs it configures.
    """

    variant: str
    version: str
    minor: int
    family: str = "v3"

    @property
    def is_butane(self) -> bool:
        """Whether a person writes it as YAML with sugar."""
        return self.variant != "ignition"

    @property
    def is_composed(self) -> bool:
        """Whether a document may be made of parts with variables."""
        return self.is_butane and self.family == "v3"

    @property
    def ignition_version(self) -> str:
        """The Ignition version that comes out."""
        return VERSIONS[self.family][self.minor].version

    def __str__(self) -> str:
        return f"{self.variant} {self.version}"


def _specs(variant: str, rows: str, family: str = "v3") -> list[Spec]:
    pairs = (row.split("=") for row in rows.split())
    return [Spec(variant, version, int(minor), family) for version, minor in pairs]


IGNITION: Final = _specs("ignition", "3.0.0=0 3.1.0=1 3.2.0=2 3.3.0=3 3.4.0=4 3.5.0=5 3.6.0=6 3.7.0-experimental=7")
IGNITION_2: Final = _specs("ignition", "2.0.0=0 2.1.0=1 2.2.0=2 2.3.0=3 2.4.0=4", "v2")

# Container Linux Config has one version, and becomes Ignition 2.3.
CLC: Final = Spec("clc", "0", 3, "clc")

# The versions of programs whose flags it knows. Those of etcd 2.3 are a table of their own.
ETCD_2: Final = Spec("etcd", "2.3", 3, "clc")
ETCD: Final = _specs("etcd", "3.0=0 3.1=1 3.2=2 3.3=3", "clc")
FLANNEL: Final = _specs("flannel", "0.5=5 0.6=6 0.7=7", "clc")

# Ignition's own versions that each family stands on, by minor number.
VERSIONS: Final = {"v2": IGNITION_2, "v3": IGNITION, "clc": IGNITION_2}

# variant -> version=minor of the Ignition version, as published by the projects (Butane 0.29).
BUTANE: Final = (
    _specs("fcos", "1.0.0=0 1.1.0=1 1.2.0=2 1.3.0=2 1.4.0=3 1.5.0=4 1.6.0=5 1.7.0=6 1.8.0-experimental=7")
    + _specs("flatcar", "1.0.0=3 1.1.0=4 1.2.0-experimental=7")
    + _specs("r4e", "1.0.0=3 1.1.0=4 1.2.0-experimental=7")
    + _specs("fiot", "1.0.0=4 1.1.0-experimental=7")
    + _specs(
        "openshift",
        "4.8.0=2 4.9.0=2 4.10.0=2 4.11.0=2 4.12.0=2 4.13.0=2 4.14.0=4 4.15.0=4 4.16.0=4 4.17.0=4 4.18.0=4"
        " 4.19.0=5 4.20.0=5 4.21.0=5 4.22.0=5 4.23.0-experimental=7",
    )
)

SPECS: Final = {(spec.variant, spec.version): spec for spec in [*IGNITION, *BUTANE]}
SPECS_2: Final = {(spec.variant, spec.version): spec for spec in IGNITION_2}
# Every language that a person writes.
EVERY: Final = SPECS | SPECS_2 | {(CLC.variant, CLC.version): CLC}
NEWEST: Final = IGNITION[-1]
NEWEST_STABLE: Final = IGNITION[-2]
NEWEST_2: Final = IGNITION_2[-1]

_IDENTIFIERS: Final = re.compile(r"[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}")


def canonical_version(text: str) -> str | None:
    """Normalise a version: three numbers, a prerelease, build metadata. None when it is no such version.

    Leading zeros and signs are read as numbers, as the reference does (semver.org section 2 forbids them).
    """
    rest, _, metadata = text.partition("+")
    rest, dash, prerelease = rest.partition("-")
    numbers = rest.split(".", 2)
    if len(numbers) != 3 or not all(_NUMBER.fullmatch(number) for number in numbers):
        return None
    if any(not -(1 << 63) <= int(number) < 1 << 63 for number in numbers):
        return None
    if any(part and not _IDENTIFIERS.fullmatch(part) for part in (prerelease, metadata)):
        return None
    core = ".".join(str(int(number)) for number in numbers)
    return core + (dash + prerelease if prerelease else "") + ("+" + metadata if metadata else "")


def version_order(version: str) -> tuple[int, ...]:
    """A sort key for versions of one variant. `1.3` and `1.3.0` are equal; experimental ones sort as if released."""
    numbers = [int(number) for number in version.partition("-")[0].split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))
