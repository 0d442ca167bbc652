"""Container Linux Config into typed objects, by the table.

In goes a document; out comes a `clc.Config` and the faults: nodes of the wrong type. The mechanism is that of
`decode.py`; the dialect is that of the YAML reader of its time (`oldscalars.py`): of a key given twice the last value
counts, but objects are joined, and `<<` brings what it brings at the place where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from stoker.document import oldscalars
from stoker.document.nodes import ALIAS, MAPPING, MERGE_KEY, SCALAR, SEQUENCE, Document, Node
from stoker.document.scalars import MISMATCH
from stoker.schema.clc import Config, Group, UserCreate
from stoker.schema.clc_services import Edition, Etcd2, Etcd3, Flannel, Service, etcd_edition, flannel_edition
from stoker.schema.decode import Faults, Plan, Reader, Row, Yaml, list_reader, plan, rows
from stoker.schema.objects import Object
from stoker.schema.specs import CLC, Spec, canonical_version

MAX_MERGES: Final = 100
WANTED_VERSION: Final = "version"

# Rows that hold no negative number: class to names.
_UNSIGNED: Final[dict[type[Object], frozenset[str]]] = {
    UserCreate: frozenset({"uid"}),
    Group: frozenset({"gid"}),
}


def decode(document: Document) -> tuple[Config, Faults]:
    """Decode a document. What it does not say is at its zero."""
    faults = Faults()
    config = None if document.root is None else plan(Config, CLC, OLD_YAML).read_item(document.root, faults)
    return config or Config(), faults  # type: ignore[return-value]


class _OldPlan(Plan):
    """How one class is read from a mapping."""

    __slots__ = ("objects",)

    def __init__(self, cls: type[Object], spec: Spec, dialect: Yaml) -> None:
        super().__init__(cls, spec, dialect)
        known = rows(cls, spec)
        self.objects = {row.name for row in known if row.is_object and not row.is_list}
        for row in known:
            if row.name in _UNSIGNED.get(cls, ()):
                self.fields[row.name] = (row.name, _scalar_reader(oldscalars.unsigned, "whole number"))
            if row.name == "version" and issubclass(cls, Service):
                self.fields[row.name] = (row.name, _read_version)

    def read(self, node: Node, faults: Faults) -> Object | None:
        """Read a mapping; None only where nothing is said at all."""
        return self.read_item(node, faults)

    def _values(self, node: Node, faults: Faults) -> dict[str, Any] | None:
        target = _resolve(node, faults)
        if target.kind != MAPPING:
            if oldscalars.says_nothing(target):
                return None
            if not oldscalars.says_zero(target):
                faults.wrong.append((node, "mapping"))
            return {}
        said: dict[str, Node] = {}
        joined: set[str] = set()
        for key, value in _pairs(target, faults, 0):
            name = self._name(key, faults)
            found = None if name is None else _resolve(value, faults)
            if name is None or found is None or oldscalars.says_nothing(found):
                continue
            before = said.get(name)
            if name not in self.objects or before is None or not before.kind == found.kind == MAPPING:
                said[name] = found
                joined.discard(name)
                continue
            if name not in joined:
                said[name] = before = Node(MAPPING, list(before.value), before.mark)
                joined.add(name)
            before.value.extend(found.value)
        values = {name: self.fields[name][1](value, faults) for name, value in said.items()}
        return {name: value for name, value in values.items() if value is not None}

    def _name(self, key: Node, faults: Faults) -> str | None:
        """The row that a key names."""
        target = _resolve(key, faults)
        if target.kind != SCALAR:
            faults.wrong.append((key, "string"))
            return None
        return target.value if target.value in self.fields else None


def _resolve(node: Node, faults: Faults) -> Node:
    while node.kind == ALIAS:
        node = faults.follow(node)
    return node


def _pairs(mapping: Node, faults: Faults, depth: int) -> Iterator[tuple[Node, Node]]:
    """The pairs of a mapping, with those that a merge key brings where it stands."""
    for key, value in mapping.value:
        if key.kind != SCALAR or key.style or key.value != MERGE_KEY:
            yield key, value
            continue
        found = _resolve(value, faults)
        # of several sources the first counts most, so it comes last
        for source in reversed(found.value) if found.kind == SEQUENCE else [found]:
            target = _resolve(source, faults)
            if target.kind != MAPPING or depth >= MAX_MERGES:
                faults.wrong.append((source, "map merge"))
            else:
                yield from _pairs(target, faults, depth + 1)


def _scalar_reader(meaning: Callable[[Node], object], wanted: str) -> Reader:
    def read(node: Node, faults: Faults) -> Any:
        target = _resolve(node, faults)
        value = meaning(target) if target.kind == SCALAR else MISMATCH
        if value is MISMATCH:
            faults.wrong.append((node, wanted))
            return None
        return value

    return read


_READERS: Final[dict[type, Reader]] = {
    str: _scalar_reader(oldscalars.string, "string"),
    int: _scalar_reader(oldscalars.integer, "integer"),
    bool: _scalar_reader(oldscalars.boolean, "boolean"),
}


def _read_version(node: Node, faults: Faults) -> str | None:
    """Read the version of a program into its normal form."""
    text = _READERS[str](node, faults)
    canonical = None if text is None else canonical_version(text)
    if text is not None and canonical is None:
        faults.wrong.append((node, WANTED_VERSION))
    return canonical


def _service_reader(edition: Callable[[str | None], Edition], common: type[Service]) -> Reader:
    """A reader of a service: its version says which flags it has."""
    _, unknown = edition("9.0.0")

    def read(node: Node, faults: Faults) -> Object | None:
        if oldscalars.says_nothing(_resolve(node, faults)):
            return None
        first = plan(common, unknown, OLD_YAML).read_item(node, Faults())
        cls, spec = edition(first.version if isinstance(first, Service) else None)
        return plan(cls, spec, OLD_YAML).read_item(node, faults)

    return read


_SERVICES: Final = {
    Etcd2: _service_reader(etcd_edition, Etcd3),
    Flannel: _service_reader(flannel_edition, Flannel),
}


class _OldYaml(Yaml):
    """Readers of YAML nodes as ct reads them."""

    plan = _OldPlan

    def reader(self, row: Row, spec: Spec) -> Reader:
        """The reader of a row."""
        if row.type in _SERVICES:
            return _SERVICES[row.type]
        one = plan(row.type, spec, self).read_item if row.is_object else _READERS[row.type]
        return list_reader(one) if row.is_list else one


OLD_YAML: Final = _OldYaml()
