"""The sections `update` and `locksmith`: lines of one file that the updater and locksmith read.

In goes the work with the document decoded; afterwards the file is there, behind the person's own.
"""

from __future__ import annotations

from typing import Final

from stoker.butane.clc.work import Work
from stoker.report import Pointer
from stoker.schema import v2
from stoker.schema.dataurls import percent_encode
from stoker.schema.unitfiles import go_quote

PATH: Final = "/etc/coreos/update.conf"
_MODE: Final = 0o644
# Rows of `locksmith` in the order in which they are written, and the variable of each.
_VARIABLES: Final = {
    "reboot_strategy": "REBOOT_STRATEGY",
    "window_start": "LOCKSMITHD_REBOOT_WINDOW_START",
    "window_length": "LOCKSMITHD_REBOOT_WINDOW_LENGTH",
    "group": "LOCKSMITHD_GROUP",
    "etcd_endpoints": "LOCKSMITHD_ENDPOINT",
    "etcd_cafile": "LOCKSMITHD_ETCD_CAFILE",
    "etcd_certfile": "LOCKSMITHD_ETCD_CERTFILE",
    "etcd_keyfile": "LOCKSMITHD_ETCD_KEYFILE",
}


def lower_update(work: Work) -> None:
    """Write the file when there is anything to write."""
    update, locksmith = work.source.update, work.source.locksmith
    text = ""
    lines: list[Pointer] = []
    if update is not None and update.group:
        text += f"GROUP={update.group.lower()}"
        lines.append(("update", "group"))
    if update is not None and update.server:
        text += f"\nSERVER={update.server}"
        lines.append(("update", "server"))
    for name, variable in _VARIABLES.items() if locksmith is not None else ():
        value = getattr(locksmith, name)
        if value is not None:
            text += f"\n{variable}={go_quote(value)}"
            lines.append(("locksmith", name))
    if text:
        source = "data:," + percent_encode(text.encode("utf-8", "surrogateescape"))
        file = v2.File(filesystem="root", path=PATH, mode=_MODE, contents=v2.FileContents(source=source))
        work.add_file(file, *lines)
