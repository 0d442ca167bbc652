"""Advice about where a config writes: what the target OS does not let it write, or does not keep.

The OS is told by the variant; an Ignition config does not name one, so it is judged by what all of them have in common.
Sources: docs.fedoraproject.org, Fedora CoreOS, "Storage"; ostree(1) deployments, "adapting"; flatcar.org docs,
"Disk layout"; file-hierarchy(7) for what is in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from stoker.report import Message, Pointer
from stoker.schema import notices as m
from stoker.schema.marks import Dates, bare, since, sugar
from stoker.schema.rules import Say, advice
from stoker.schema.v3 import Node, Storage

OSTREE: Final = sugar(fcos="1.0", openshift="4.8", r4e="1.0", fiot="1.0")
FLATCAR: Final = sugar(flatcar="1.0")
ANY: Final = since("3.0")

SYSTEMS: Final = {
    "fcos": "Fedora CoreOS",
    "openshift": "RHEL CoreOS",
    "flatcar": "Flatcar",
    "r4e": "RHEL for Edge",
    "fiot": "Fedora IoT",
}
# What an ostree deployment has in its root; links into /var among it (/home, /opt, /srv, ...) may be written below.
_IN_ROOT: Final = frozenset(
    {"bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "ostree", "proc", "root", "run"}
    | {"sbin", "srv", "sys", "sysroot", "tmp", "usr", "var"}
)
_PROGRAMS: Final = "programs go to /opt/bin or /usr/local/bin, units to `systemd.units`, settings below /etc"
_FLATCAR_PROGRAMS: Final = "programs go to /opt/bin, units to `systemd.units`, settings below /etc"
_OSTREE_ONLY: Final = "only the OS's own updates write there"


class Area(NamedTuple):
    """A row: a directory, where that is so, what is said of what is written below it (nothing: it is fine), a hint."""

    path: str
    dates: Dates
    message: Message | None
    advice: str = ""


# The row with the longest path counts.
AREAS: Final = (
    *(Area(path, OSTREE, m.READ_ONLY_PATH, _PROGRAMS) for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64")),
    *(Area(path, FLATCAR, m.READ_ONLY_PATH, _FLATCAR_PROGRAMS) for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64")),
    *(Area(path, bare("3.0"), m.READ_ONLY_PATH, _PROGRAMS) for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64")),
    Area("/usr/local", OSTREE, None),
    Area("/usr/local", bare("3.0"), None),
    Area("/ostree", OSTREE, m.READ_ONLY_PATH, _OSTREE_ONLY),
    Area("/sysroot", OSTREE, m.READ_ONLY_PATH, _OSTREE_ONLY),
    *(Area(path, ANY, m.VOLATILE_PATH) for path in ("/run", "/tmp", "/dev", "/proc", "/sys")),  # noqa: S108
)


@advice(Storage)
def written_paths(storage: Storage, at: Pointer, say: Say) -> None:
    """What is written can be written, and is still there after the boot."""
    areas = {area.path: area for area in AREAS if area.dates.has(say.spec)}
    lists: Iterable[tuple[str, Iterable[Node]]] = (
        ("directories", storage.directories),
        ("files", storage.files),
        ("links", storage.links),
    )
    mounts = [filesystem.path for filesystem in storage.filesystems if filesystem.path]
    for name, nodes in lists:
        for index, node in enumerate(nodes):
            if not any(is_below(node.path, mount) for mount in mounts):
                _judge_path(node.path, areas, (*at, name, index, "path"), say)


def _judge_path(path: str, areas: dict[str, Area], pointer: Pointer, say: Say) -> None:
    system = SYSTEMS.get(say.spec.variant, "machines that Ignition sets up")
    found = [area for area in areas.values() if is_below(path, area.path)]
    area = max(found, key=lambda area: len(area.path), default=None)
    if area is not None:
        if area.message is not None:
            say.warn(area.message, pointer, path=path, above=area.path, system=system, advice=area.advice)
    elif OSTREE.has(say.spec) and path.strip("/") and path.split("/")[1] not in _IN_ROOT:
        say.warn(m.ROOT_PATH, pointer, path=path, system=system)


def is_below(path: str, above: str) -> bool:
    """Whether a path is another one or lies below it."""
    return path == above or path.startswith(above.rstrip("/") + "/")
