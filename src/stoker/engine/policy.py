"""What a change costs a machine that runs, as data: in goes a path or a unit, out comes an Effect.

The closest row counts: the path itself, else the nearest directory above it. What no row names is in use at once as
far as is known. Sources: the man pages of what reads the files, podman-systemd.unit(5) for quadlets.
"""

from __future__ import annotations

import enum
import posixpath
import re
from collections.abc import Iterator
from typing import Final, NamedTuple


class Impact(enum.StrEnum):
    """How much a change costs a machine that runs, from the least to the most."""

    NONE = "none"
    LIVE = "live"
    RELOAD = "reload"
    RESTART = "restart"
    DRAIN = "drain"
    REBOOT = "reboot"
    REPROVISION = "reprovision"
    DATA_LOSS = "data loss"

    @property
    def rank(self) -> int:
        """Its place among them, from 0."""
        return RANKS[self]


RANKS: Final = {impact: rank for rank, impact in enumerate(Impact)}


class Effect(NamedTuple):
    """What has to happen before a change counts; `units` are those that are reloaded or restarted."""

    impact: Impact
    units: tuple[str, ...] = ()


_REBOOT: Final = Effect(Impact.REBOOT)
_RELOAD_SYSTEMD: Final = Effect(Impact.RELOAD)

# A path that ends in a slash stands for all below it.
PATHS: Final = {
    "/": Effect(Impact.LIVE),
    "/boot/": _REBOOT,
    "/etc/NetworkManager/": Effect(Impact.RELOAD, ("NetworkManager.service",)),
    "/etc/audit/": Effect(Impact.RESTART, ("auditd.service",)),
    "/etc/chrony.conf": Effect(Impact.RESTART, ("chronyd.service",)),
    "/etc/chrony/": Effect(Impact.RESTART, ("chronyd.service",)),
    "/etc/containerd/": Effect(Impact.DRAIN, ("containerd.service",)),
    "/etc/coreos/update.conf": Effect(Impact.RESTART, ("update-engine.service", "locksmithd.service")),
    "/etc/crio/": Effect(Impact.DRAIN, ("crio.service",)),
    "/etc/crypttab": _REBOOT,
    "/etc/default/grub": _REBOOT,
    "/etc/docker/": Effect(Impact.DRAIN, ("docker.service",)),
    "/etc/flatcar/update.conf": Effect(Impact.RESTART, ("update-engine.service", "locksmithd.service")),
    "/etc/fstab": _REBOOT,
    "/etc/hostname": _REBOOT,
    "/etc/kubernetes/": Effect(Impact.DRAIN, ("kubelet.service",)),
    "/etc/locale.conf": _REBOOT,
    "/etc/machine-id": _REBOOT,
    "/etc/modprobe.d/": _REBOOT,
    "/etc/modules-load.d/": Effect(Impact.RESTART, ("systemd-modules-load.service",)),
    "/etc/nftables/": Effect(Impact.RELOAD, ("nftables.service",)),
    "/etc/pki/ca-trust/source/": Effect(Impact.RESTART, ("coreos-update-ca-trust.service",)),
    "/etc/rpm-ostreed.conf": Effect(Impact.RELOAD, ("rpm-ostreed.service",)),
    "/etc/selinux/": _REBOOT,
    "/etc/ssh/": Effect(Impact.RELOAD, ("sshd.service",)),
    "/etc/ssl/certs/": Effect(Impact.RESTART, ("update-ca-certificates.service",)),
    "/etc/sysconfig/nftables.conf": Effect(Impact.RELOAD, ("nftables.service",)),
    "/etc/sysctl.conf": Effect(Impact.RESTART, ("systemd-sysctl.service",)),
    "/etc/sysctl.d/": Effect(Impact.RESTART, ("systemd-sysctl.service",)),
    "/etc/systemd/journald.conf": Effect(Impact.RESTART, ("systemd-journald.service",)),
    "/etc/systemd/journald.conf.d/": Effect(Impact.RESTART, ("systemd-journald.service",)),
    "/etc/systemd/logind.conf": Effect(Impact.RESTART, ("systemd-logind.service",)),
    "/etc/systemd/logind.conf.d/": Effect(Impact.RESTART, ("systemd-logind.service",)),
    "/etc/systemd/network/": Effect(Impact.RELOAD, ("systemd-networkd.service",)),
    "/etc/systemd/resolved.conf": Effect(Impact.RESTART, ("systemd-resolved.service",)),
    "/etc/systemd/resolved.conf.d/": Effect(Impact.RESTART, ("systemd-resolved.service",)),
    "/etc/systemd/system-preset/": Effect(Impact.REPROVISION),  # read once, on the first boot
    "/etc/systemd/system.conf": _RELOAD_SYSTEMD,
    "/etc/systemd/system.conf.d/": _RELOAD_SYSTEMD,
    "/etc/systemd/system/": _RELOAD_SYSTEMD,
    "/etc/systemd/timesyncd.conf": Effect(Impact.RESTART, ("systemd-timesyncd.service",)),
    "/etc/systemd/timesyncd.conf.d/": Effect(Impact.RESTART, ("systemd-timesyncd.service",)),
    "/etc/systemd/zram-generator.conf": _REBOOT,
    "/etc/sysusers.d/": Effect(Impact.RESTART, ("systemd-sysusers.service",)),
    "/etc/tmpfiles.d/": Effect(Impact.RESTART, ("systemd-tmpfiles-setup.service",)),
    "/etc/udev/": Effect(Impact.RELOAD, ("systemd-udevd.service",)),
    "/etc/vconsole.conf": Effect(Impact.RESTART, ("systemd-vconsole-setup.service",)),
    "/etc/zincati/": Effect(Impact.RESTART, ("zincati.service",)),
}

# Units that carry a node's workload: it has to leave before they are restarted.
WORKLOAD: Final = frozenset({"containerd.service", "crio.service", "docker.service", "kubelet.service"})

# A unit or a drop-in of one, written as a file.
_UNIT_FILE: Final = re.compile(
    r"/etc/systemd/system/([^/]+\.(?:service|socket|timer|mount|automount|swap|path|slice))(?:\.d/|$)"
)

QUADLETS: Final = "/etc/containers/systemd/"
# What quadlet appends to the name of a file by its suffix, to name the unit that it makes of it.
_QUADLET_UNITS: Final = {
    ".build": "-build",
    ".container": "",
    ".image": "-image",
    ".kube": "",
    ".network": "-network",
    ".pod": "-pod",
    ".volume": "-volume",
}


def effect_of_path(path: str) -> Effect:
    """What a changed file, directory or link costs."""
    unit = _UNIT_FILE.match(path)
    if unit:
        return effect_of_unit(unit[1])
    if path.startswith(QUADLETS):
        name, suffix = posixpath.splitext(posixpath.basename(path))
        if suffix in _QUADLET_UNITS:
            return effect_of_unit(f"{name}{_QUADLET_UNITS[suffix]}.service")
    return next(PATHS[place] for place in _places(path) if place in PATHS)


def effect_of_unit(name: str) -> Effect:
    """What a changed unit costs: it is restarted, after its workload has left where it has one."""
    return Effect(Impact.DRAIN if name in WORKLOAD else Impact.RESTART, (name,))


def _places(path: str) -> Iterator[str]:
    """The path and every directory above it, the nearest first."""
    yield path
    while path not in {"/", ""}:
        path = posixpath.dirname(path)
        yield path.rstrip("/") + "/"
    yield "/"
