"""What a key of one language is in another: for people who bring habits, or half a config, along.

In goes the place of a key that its own language does not know; out comes a hint, where one of the others has it at that
very place: what has replaced it since, or that it is of a later version.
"""

from __future__ import annotations

from typing import Final

from stoker.report import Pointer
from stoker.schema import clc, v2, v3
from stoker.schema.decode import Row, all_rows
from stoker.schema.meant import first_spec
from stoker.schema.objects import Object, json_name
from stoker.schema.specs import CLC, IGNITION, Spec

# Keys of Ignition 2 and Container Linux Config, and how the same is said since; names in braces are the language's own.
REPLACED: Final = {
    "append": "it is `merge` now",
    "create": "its fields stand beside `name` now",
    "docker": "write a drop-in of docker.service",
    "etcd": "write a unit that runs it",
    "filesystem": "leave it out, since a path starts at `/` whatever is mounted above it",
    "flannel": "write a unit that runs it",
    "locksmith": "write /etc/flatcar/update.conf by `storage.files`",
    "mount": "its fields stand beside `path` now, where it is mounted",
    "name": "leave it out, since a file is known by its path alone",
    "networkd": "write its files to /etc/systemd/network by `storage.files`",
    "remote": "`source` is the URL, the rest stands beside it",
    "size": "`{size_mib}` says it in MiB",
    "start": "`{start_mib}` says it in MiB",
    "update": "write /etc/flatcar/update.conf by `storage.files`",
}


def find_elsewhere(key: str, above: Pointer, spec: Spec) -> str | None:
    """What another language has under a key in the object at `above`, which `spec` does not know."""
    if spec.family == "v3":
        return _replaced(key, above, spec)
    row = _row(v3.Config, (*above, key), spec)
    if row is None:
        return None
    if spec == CLC:
        return f"`{key}` is Butane's: Container Linux Config does not know it"
    found = first_spec(row.dates, IGNITION[0])
    return None if found is None else f"`{key}` came with {found}"


def _replaced(key: str, above: Pointer, spec: Spec) -> str | None:
    """How Ignition 3, or Butane, says what an older language said by a key."""
    tables: dict[str, type[Object]] = {"Ignition 2": v2.Config, "Container Linux Config": clc.Config}
    owner = next((name for name, root in tables.items() if _row(root, (*above, key), spec) is not None), None)
    if owner is None or key not in REPLACED:
        return None
    names = {name: name if spec.is_butane else json_name(name) for name in ("size_mib", "start_mib")}
    return f"`{key}` is of {owner}; {REPLACED[key].format_map(names)}"


def _row(root: type[Object], pointer: Pointer, spec: Spec) -> Row | None:
    """The row of another family at a pointer that is spelled as `spec` does."""
    found: Row | None = None
    for step in pointer:
        if isinstance(step, int):
            continue
        cls = root if found is None else found.type
        if found is not None and not found.is_object:
            return None
        names = {row.name if spec.is_butane else row.json: row for row, _ in all_rows(cls)}
        found = names.get(str(step))
        if found is None:
            return None
    return found
