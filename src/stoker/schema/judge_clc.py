"""One verdict on a Container Linux Config: rules and unknown keys, in the order of the reference.

In goes a decoded config with its document; out come findings. An object's own rules come first, then what is in it,
then the keys of its text that no row knows; an object that a rule refuses is not looked into. Importing this module
registers the rules.
"""

from __future__ import annotations

from stoker.document.nodes import MAPPING, SCALAR, SEQUENCE, Document, Node
from stoker.report import Pointer, Severity
from stoker.schema import clc_messages as m
from stoker.schema.clc import Config
from stoker.schema.clc_services import Service, edition
from stoker.schema.decode import rows
from stoker.schema.objects import Object
from stoker.schema.rules import SOURCE, Finding, Say, clc, walker
from stoker.schema.specs import CLC

__all__ = ["clc", "judge"]


def judge(config: Config, document: Document) -> list[Finding]:
    """Judge what a person wrote."""
    say = Say(CLC)
    _walk(config, (), document.root, say)
    return say.findings


def _walk(thing: Object, at: Pointer, node: Node | None, say: Say) -> None:
    """Judge an object; `node` is what the text says of it, None where it is not known."""
    said = len(say.findings)
    for check in walker(SOURCE, type(thing), CLC).checks:
        check(thing, at, say)
    if any(found.severity is Severity.ERROR and found.pointer == at for found in say.findings[said:]):
        return
    below = _below(node)
    names = []
    for row in rows(type(thing), edition(thing) if isinstance(thing, Service) else CLC):
        names.append(row.name)
        value = getattr(thing, row.name)
        if row.is_object and row.is_list:
            items = below.get(row.name)
            known = items.value if items is not None and items.kind == SEQUENCE else []
            for index, item in enumerate(value):
                _walk(item, (*at, row.name, index), known[index] if index < len(known) else None, say)
        elif row.is_object and value is not None:
            _walk(value, (*at, row.name), below.get(row.name), say)
    for key in below:
        if key not in names:
            _name_unknown(key, names, at, say)


def _below(node: Node | None) -> dict[str, Node]:
    """What a mapping says, by key, of a key given twice the last; behind an alias the reference does not look."""
    if node is None or node.kind != MAPPING:
        return {}
    return {key.value if key.kind == SCALAR else key.style: value for key, value in node.value}


def _name_unknown(key: str, names: list[str], at: Pointer, say: Say) -> None:
    say.warn(m.UNKNOWN_KEY, (*at, key), key=key)
    meant = next((name for name in names if name.casefold() == key.casefold()), None)
    if meant is not None:
        say.findings.append(Finding(Severity.INFO, m.OTHER_CASE, (*at, key), {"key": key, "meant": meant}))
