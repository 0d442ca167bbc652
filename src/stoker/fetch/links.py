"""Why there is no network: in goes the kernel's directory of interfaces, out comes the reason as a person would say it.

Source: sysfs-class-net of the kernel's ABI documentation: `flags` (IFF_UP, IFF_LOOPBACK), `carrier`.
"""

from __future__ import annotations

import os
from typing import Final

LINKS: Final = "/sys/class/net"
SHOWN: Final = 4  # interfaces that are named

_UP: Final = 0x1
_LOOPBACK: Final = 0x8


def hindrance(directory: str = LINKS) -> str | None:
    """What keeps packets from leaving: no interface, none that is up, none with a carrier; None when one has it."""
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return None
    flags = {name: int(_text(directory, name, "flags") or "0", 16) for name in names if _is_link(directory, name)}
    links = {name: flag for name, flag in flags.items() if not flag & _LOOPBACK}
    up = [name for name, flag in links.items() if flag & _UP]
    if not links:
        return "no network interface"
    if not up:
        return f"{_listed(list(links))} {'is' if len(links) == 1 else 'are'} down"
    if any(_text(directory, name, "carrier") == "1" for name in up):
        return None
    return f"no carrier on {_listed(up)}"


def _is_link(directory: str, name: str) -> bool:
    return os.path.isdir(os.path.join(directory, name))  # `bonding_masters` is a file


def _text(directory: str, name: str, attribute: str) -> str:
    """An attribute of an interface; empty when it cannot be read, as `carrier` cannot while the interface is down."""
    try:
        with open(os.path.join(directory, name, attribute), encoding="ascii", errors="replace") as file:
            return file.read(64).strip()
    except OSError:
        return ""


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
