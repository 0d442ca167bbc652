"""Distributions as data: where things go on each, and the accounts of a fresh tree.

Sources: the packaging of Ignition in each distribution (which switches it is built with), and the files that the
distribution installs below /etc.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.engine import bases
from stoker.engine.bases import Base
from stoker.system import System

KEYS_FRAGMENT: Final = ".ssh/authorized_keys.d/ignition"
KEYS_FILE: Final = ".ssh/authorized_keys"


class Distribution(msgspec.Struct, frozen=True):
    """What the engine has to know of a distribution.

    `keys` is where a user's ssh keys go, below the home directory; `relabels` tells whether what is written gets
    SELinux labels when a machine boots; an empty `result` leaves out the record of the run. `volume_keys` is the
    directory of the keys that encrypted volumes are opened by.
    """

    name: str
    title: str
    base: Base
    keys: str = KEYS_FRAGMENT
    relabels: bool = False
    units: str = "/etc/systemd/system"
    preset: str = "/etc/systemd/system-preset/20-ignition.preset"
    result: str = "/etc/.ignition-result.json"
    volume_keys: str = "/etc/luks"


DISTRIBUTIONS: Final = {
    row.name: row
    for row in (
        Distribution("fcos", "Fedora CoreOS", bases.FEDORA_COREOS, relabels=True),
        Distribution("rhcos", "RHEL CoreOS", bases.RHEL_COREOS, relabels=True),
        Distribution("flatcar", "Flatcar Container Linux", bases.FLATCAR),
        Distribution("debian", "Debian", bases.DEBIAN, keys=KEYS_FILE),
    )
}


def lay_base(system: System, distribution: Distribution) -> None:
    """Lay the base of a distribution into an empty tree: accounts, their defaults, homes. What is there stays."""
    base = distribution.base
    for path, target in base.links.items():
        if system.look(path) is None:
            system.link(path, target)
    for path, mode in base.directories.items():
        if system.look(path) is None:
            system.make_directory(path, mode)
    for path, (text, mode) in base.files.items():
        if system.look(path) is None:
            system.write_file(path, text.encode(), mode=mode)
    for user in system.accounts.users():
        if user.home.startswith("/home/") and system.look(user.home) is None:
            system.make_directory(user.home, base.home_mode, (user.uid, user.gid))
