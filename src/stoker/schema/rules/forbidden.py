"""What a variant forbids of the Ignition language, as data.

In goes a config after lowering; out comes a finding for each forbidden thing that is set, in table order. A pointer
that is set counts even when it points to false or nothing; an empty list does not. Source: the `FilterMap`s of Butane.
"""

from __future__ import annotations

import functools
from typing import Any, Final

from stoker.report import Message, Pointer
from stoker.schema import messages as m
from stoker.schema.decode import all_rows
from stoker.schema.marks import Dates, sugar
from stoker.schema.objects import Object
from stoker.schema.rules import Say
from stoker.schema.specs import Spec
from stoker.schema.v3 import Config

_EDGE: Final = sugar(r4e="1.0", fiot="1.0")
_CLUSTER: Final = sugar(openshift="4.8")

_USER_FIELDS: Final = (
    *("gecos", "groups", "homeDir", "noCreateHome", "noLogInit", "noUserGroup"),
    *("primaryGroup", "shell", "shouldExist", "system", "uid"),
)

FORBIDDEN: Final[list[tuple[str, Message, Dates]]] = [
    ("storage.luks.clevis", m.CLEVIS_UNSUPPORTED, sugar(flatcar="1.0<1.2")),
    ("storage.luks.cex", m.CEX_UNSUPPORTED, sugar(flatcar="1.2")),
    ("kernelArguments", m.KERNEL_ARGUMENTS_UNSUPPORTED, _EDGE),
    ("storage.disks", m.DISKS_UNSUPPORTED, _EDGE),
    ("storage.filesystems", m.FILESYSTEMS_UNSUPPORTED, _EDGE),
    ("storage.luks", m.LUKS_UNSUPPORTED, _EDGE),
    ("storage.raid", m.RAID_UNSUPPORTED, _EDGE),
    ("kernelArguments", m.ARGUMENTS_ELSEWHERE, sugar(openshift="4.14")),
    ("passwd.groups", m.GROUPS_UNSUPPORTED, _CLUSTER),
    ("passwd.users.passwordHash", m.USER_FIELD_UNSUPPORTED, sugar(openshift="4.8<4.13")),
    *((f"passwd.users.{name}", m.USER_FIELD_UNSUPPORTED, _CLUSTER) for name in _USER_FIELDS),
    ("storage.directories", m.DIRECTORIES_UNSUPPORTED, _CLUSTER),
    ("storage.files.append", m.APPEND_UNSUPPORTED, _CLUSTER),
    ("storage.files.contents.compression", m.COMPRESSION_UNSUPPORTED, sugar(openshift="4.8<4.10")),
    ("storage.files.contents.httpHeaders", m.HEADERS_UNSUPPORTED, _CLUSTER),
    ("storage.links", m.LINKS_UNSUPPORTED, _CLUSTER),
]

# Lowering writes an empty one next to every content, which is harmless.
_EMPTY_IS_UNSET: Final = frozenset({"storage.files.contents.compression"})


@functools.cache
def _tree(spec: Spec) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, message, dates in FORBIDDEN:
        if dates.has(spec):
            *parents, name = path.split(".")
            node = functools.reduce(lambda node, parent: node.setdefault(parent, {}), parents, tree)
            node[name] = (message, path in _EMPTY_IS_UNSET)
    return tree


def find_forbidden(config: Config, say: Say) -> None:
    """Report what the variant forbids."""
    _find(config, _tree(say.spec), (), say)


def _find(thing: Object, tree: dict[str, Any], pointer: Pointer, say: Say) -> None:
    for row, _ in all_rows(type(thing)) if tree else ():
        entry = tree.get(row.json)
        value = getattr(thing, row.name)
        if entry is None or value is None:
            continue
        here = (*pointer, row.json)
        if isinstance(entry, tuple):
            if not is_empty(value) and not (entry[1] and value == ""):
                say.error(entry[0], here)
        elif row.is_list:
            for index, item in enumerate(value):
                _find(item, entry, (*here, index), say)
        else:
            _find(value, entry, here, say)


def is_empty(value: Any) -> bool:
    """Whether a value sets nothing."""
    if isinstance(value, Object):
        return all(is_empty(getattr(value, name)) for name in value.__struct_fields__)
    return value is None or value == []
