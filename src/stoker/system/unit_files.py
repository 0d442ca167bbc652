"""Units of a tree: whether one is enabled, and how it stops being so, as `systemctl --root` answers and does.

Comes in: a machine and the name of a unit. Goes out: what its files say. Source: systemctl(1), is-enabled and disable;
systemd.unit(5), UNIT FILE LOAD PATH.
"""

from __future__ import annotations

from stoker.system.protocol import FILE, LINK, System

UNITS = "/etc/systemd/system"
VENDOR_UNITS = ("/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
WANTS = (".wants", ".requires", ".upholds")
SECTIONS = 1 << 20  # bytes of a unit that are searched for a section


def is_enabled(system: System, name: str) -> bool:
    """Whether `systemctl is-enabled` would say yes: something links to the unit, or it needs no enabling (static)."""
    if _enablements(system, name):
        return True
    return _is_static(system, name)


def disable(system: System, name: str) -> None:
    """Remove every link in the machine's configuration that enables the unit."""
    for path in _enablements(system, name):
        system.remove_tree(path)


def _enablements(system: System, name: str) -> list[str]:
    """The links that enable a unit: in directories of other units, and aliases."""
    if system.look(UNITS) is None:
        return []
    found = []
    for entry in system.list(UNITS):
        path = f"{UNITS}/{entry}"
        if entry.endswith(WANTS):
            path = f"{path}/{name}"
            look = system.look(path)
            if look is not None and look.kind == LINK:
                found.append(path)
        elif entry != name and "." in entry:
            look = system.look(path)
            if look is not None and look.kind == LINK and system.read_link(path).rpartition("/")[2] == name:
                found.append(path)
    return found


def _is_static(system: System, name: str) -> bool:
    """Whether the unit exists without a section that says how to enable it."""
    for directory in (UNITS, *VENDOR_UNITS):
        path = f"{directory}/{name}"
        look = system.look(path)
        if look is not None and look.kind == FILE:
            lines = system.read(path, SECTIONS).decode(errors="replace").split("\n")
            return not any(line.strip() == "[Install]" for line in lines)
    return False
