"""Nodes into typed objects, by the table.

In goes a node and the spec it is written in; out comes an object of `v3` with what the spec knows, and the faults:
nodes of the wrong type. A plan per class and spec is derived from the table once, when it is first wanted. Keys that
the spec does not know are only noticed here (`Faults.unknown`); `unused.py` names them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar, Final, NamedTuple, get_args, get_origin

from msgspec import NODEFAULT

from stoker.document import scalars
from stoker.document.nodes import (
    ALIAS,
    BOOLEAN,
    CYCLE,
    INTEGER,
    MAPPING,
    MERGE_KEY,
    NULL,
    SCALAR,
    SEQUENCE,
    STRING,
    Node,
    sizes_below,
)
from stoker.document.scalars import MISMATCH
from stoker.schema.marks import Dates, KeptUntil, RequiredUntil
from stoker.schema.objects import Object, json_name
from stoker.schema.specs import Spec

Reader = Callable[[Node, "Faults"], Any]


MAX_ALIASED: Final = 100_000


class Faults:
    """What a decoder could not read: nodes with what was wanted, keys that stand twice with the first of them.

    `unknown`: whether a key was unknown, or a place is unsure.
    """

    __slots__ = ("_aliased", "_sizes", "twice", "unknown", "wrong")

    def __init__(self) -> None:
        self.wrong: list[tuple[Node, str]] = []
        self.twice: list[tuple[Node, Node]] = []
        self.unknown = False
        self._aliased = 0
        self._sizes: dict[int, int] = {}

    def follow(self, alias: Node) -> Node:
        """The node an alias stands for.

        A scalar that says nothing where it stands inside of that, and once more was read than anyone writes.
        """
        self.unknown = True
        if alias.value.tag == CYCLE:
            self.wrong.append((alias, "no alias of what it is in"))
            return Node(SCALAR, "null", alias.mark, NULL)
        self._aliased += sizes_below(alias.value, self._sizes)
        if self._aliased <= MAX_ALIASED:
            target: Node = alias.value
            return target
        if not self.wrong or self.wrong[-1][1] != "fewer aliases":
            self.wrong.append((alias, "fewer aliases"))
        return Node(SCALAR, "null", alias.mark, NULL)


class Row(NamedTuple):
    """A row of the table as one spec has it."""

    name: str
    json: str
    type: type
    is_list: bool
    is_map: bool
    dates: Dates
    required: bool
    is_optional: bool
    kept_until: int
    doc: str

    @property
    def is_object(self) -> bool:
        """Whether the row holds an object, or a list of them."""
        return issubclass(self.type, Object)


@functools.cache
def all_rows(cls: type[Object]) -> tuple[tuple[Row, RequiredUntil | None], ...]:
    """Every row of a class, in table order, whatever the spec."""
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        hints |= getattr(base, "__annotations__", {})
    names = cls.__struct_fields__
    given = cls.__struct_defaults__  # those of the last fields; the first ones have none
    defaults = (*[NODEFAULT] * (len(names) - len(given)), *given)
    return tuple(
        _row(name, hints[name], is_required=default is NODEFAULT) for name, default in zip(names, defaults, strict=True)
    )


def _row(name: str, hint: Any, *, is_required: bool) -> tuple[Row, RequiredUntil | None]:
    inner, *marks = get_args(hint)
    found = {type(mark): mark for mark in marks}
    arguments = [part for part in get_args(inner) if part is not type(None)]
    row = Row(
        name=name,
        json=json_name(name),
        type=arguments[0] if arguments else inner,
        is_list=get_origin(inner) is list,
        is_map=get_origin(inner) is dict,
        dates=found[Dates],
        required=is_required,
        is_optional=type(None) in get_args(inner),
        kept_until=found.get(KeptUntil, 0),
        doc=found[str],
    )
    return row, found.get(RequiredUntil)


@functools.cache
def rows(cls: type[Object], spec: Spec) -> tuple[Row, ...]:
    """The rows of a class that `spec` has, in table order."""
    return tuple(row for row, _ in all_rows(cls) if row.dates.has(spec))


class Plan:
    """How one spec reads one class: key to attribute and reader; what required attributes hold when absent."""

    __slots__ = ("cls", "fields", "zero_objects", "zeros")

    def __init__(self, cls: type[Object], spec: Spec, dialect: Yaml) -> None:
        self.cls = cls
        self.fields = {
            (row.name if spec.is_butane else row.json): (row.name, dialect.reader(row, spec)) for row in rows(cls, spec)
        }
        required = [row for row, _ in all_rows(cls) if row.required]
        self.zeros: dict[str, Any] = {row.name: row.type() for row in required if not row.is_object}
        self.zero_objects = [row for row in required if row.is_object]
        for row, until in all_rows(cls):
            if until is not None and spec.minor < until:
                self.zeros[row.name] = row.type()

    def read(self, node: Node, faults: Faults) -> Object | None:
        """Read a mapping; None where it sets nothing."""
        values = self._values(node, faults)
        for value in values.values() if values else ():
            if value != []:
                return self._make(values)  # type: ignore[arg-type]
        return None

    def read_item(self, node: Node, faults: Faults) -> Object | None:
        """Read a mapping that is an item of a list, or kept though it sets nothing; None where there is none."""
        values = self._values(node, faults)
        return None if values is None else self._make(values)

    def _make(self, values: dict[str, Any]) -> Object:
        for row in self.zero_objects:
            if row.name not in values:
                values[row.name] = plan_zero(row.type)
        return self.cls(**values)

    def _values(self, node: Node, faults: Faults) -> dict[str, Any] | None:
        """Attributes and values; None where the text is no mapping."""
        if node.kind != MAPPING:
            if node.kind == ALIAS:
                return self._values(faults.follow(node), faults)
            if node.is_null:
                faults.unknown = True
            else:
                faults.wrong.append((node, "mapping"))
            return None
        values = self.zeros.copy()
        fields = self.fields
        for key, value in node.value:
            field = fields.get(key.value) if key.kind == SCALAR else self._odd_key(key, faults)
            if field is None:
                faults.unknown = True
                continue
            read = field[1](value, faults)
            if read is not None:
                values[field[0]] = read
        if len({key.value if key.kind == SCALAR else id(key) for key, _ in node.value}) != len(node.value):
            find_twice(node, faults)
        if faults.unknown and any(key.value == MERGE_KEY and not key.style for key, _ in node.value):
            self._merge(node, values, faults)
        return values

    def _odd_key(self, key: Node, faults: Faults) -> tuple[str, Reader] | None:
        """The field of a key that is an alias; collections cannot be keys."""
        target = faults.follow(key) if key.kind == ALIAS else key
        if target.kind == SCALAR:
            return self.fields.get(target.value)
        faults.wrong.append((key, "string"))
        return None

    def _merge(self, node: Node, values: dict[str, Any], faults: Faults) -> None:
        """Add what `<<` brings and the mapping does not say itself (https://yaml.org/type/merge.html)."""
        said = {key.value for key, _ in node.value}
        for key, value in node.value:
            if key.value != MERGE_KEY or key.style:
                continue
            target = faults.follow(value) if value.kind == ALIAS else value
            sources = target.value if target.kind == SEQUENCE else [target]
            for source in sources:
                self._merge_one(faults.follow(source) if source.kind == ALIAS else source, said, values, faults)

    def _merge_one(self, source: Node, said: set[str], values: dict[str, Any], faults: Faults) -> None:
        if source.kind != MAPPING:
            faults.wrong.append((source, "map merge"))
            return
        for key, value in source.value:
            field = self.fields.get(key.value) if key.kind == SCALAR else None
            if field is not None and key.value not in said:
                said.add(key.value)
                read = field[1](value, faults)
                if read is not None:
                    values[field[0]] = read
        self._merge(source, values, faults)


def _zero(row: Row) -> Any:
    return plan_zero(row.type) if row.is_object else row.type()


def plan_zero(cls: type[Object]) -> Object:
    """An object with every required attribute at its zero."""
    return cls(**{row.name: _zero(row) for row, _ in all_rows(cls) if row.required})


class Yaml:
    """Readers of YAML nodes."""

    plan: ClassVar[type[Plan]] = Plan

    def reader(self, row: Row, spec: Spec) -> Reader:
        """The reader of a row."""
        if row.is_map:
            return read_labels
        one = lazy_reader(row, spec, self) if row.is_object else SCALAR_READERS[row.type]
        return list_reader(one) if row.is_list else one


YAML: Final = Yaml()


@functools.cache
def plan(cls: type[Object], spec: Spec, dialect: Yaml) -> Plan:
    """The plan for a class, derived once."""
    return dialect.plan(cls, spec, dialect)


def lazy_reader(row: Row, spec: Spec, dialect: Yaml) -> Reader:
    """A reader of a row's objects that derives their plan when it first meets one."""
    bound: list[Reader] = []

    def read(node: Node, faults: Faults) -> Any:
        if not bound:
            found = plan(row.type, spec, dialect)
            bound.append(found.read_item if row.is_list or spec.minor < row.kept_until else found.read)
        return bound[0](node, faults)

    return read


def find_twice(node: Node, faults: Faults) -> None:
    """Report keys that stand twice in a mapping."""
    seen: dict[str, Node] = {}
    for key, _ in node.value:
        if key.kind == SCALAR and seen.setdefault(key.value, key) is not key:
            faults.twice.append((key, seen[key.value]))


def list_reader(one: Reader) -> Reader:
    """A reader of lists; items that say nothing are dropped, as the reference does."""

    def read(node: Node, faults: Faults) -> list[Any] | None:
        if node.kind == SEQUENCE:
            items = [one(item, faults) for item in node.value]
            if None in items:
                faults.unknown = True
                items = [item for item in items if item is not None]
            return items
        if node.kind == ALIAS:
            return read(faults.follow(node), faults)
        if not node.is_null:
            faults.wrong.append((node, "list"))
        return None

    return read


def read_string(node: Node, faults: Faults) -> str | None:
    """Read a string."""
    if node.kind == SCALAR:
        if node.style and node.tag is None:
            return str(node.value)
        value = scalars.string(node)
        if value is not MISMATCH:
            return value  # type: ignore[return-value]
    elif node.kind == ALIAS:
        return read_string(faults.follow(node), faults)
    faults.wrong.append((node, "string"))
    return None


def read_integer(node: Node, faults: Faults) -> int | None:
    """Read an integer."""
    if node.kind == SCALAR:
        value = scalars.integer(node)
        if value is not MISMATCH:
            return value  # type: ignore[return-value]
    elif node.kind == ALIAS:
        return read_integer(faults.follow(node), faults)
    faults.wrong.append((node, "integer"))
    return None


def read_boolean(node: Node, faults: Faults) -> bool | None:
    """Read a boolean."""
    if node.kind == SCALAR:
        value = scalars.boolean(node)
        if value is not MISMATCH:
            return value  # type: ignore[return-value]
    elif node.kind == ALIAS:
        return read_boolean(faults.follow(node), faults)
    faults.wrong.append((node, "boolean"))
    return None


def read_labels(node: Node, faults: Faults) -> dict[str, str] | None:
    """Read a mapping of strings to strings."""
    if node.kind == ALIAS:
        return read_labels(faults.follow(node), faults)
    if node.kind == MAPPING:
        if len({key.value if key.kind == SCALAR else id(key) for key, _ in node.value}) != len(node.value):
            find_twice(node, faults)
        pairs = ((read_string(key, faults), read_string(value, faults)) for key, value in node.value)
        return {key: value or "" for key, value in pairs if key is not None}
    if not node.is_null:
        faults.wrong.append((node, "mapping"))
    return None


SCALAR_READERS: Final[dict[type, Reader]] = {str: read_string, int: read_integer, bool: read_boolean}


class JsonPlan(Plan):
    """The plan for JSON, with the leniency of Go's encoding/json.

    Keys are matched without regard to case; of a key given twice the last value counts, but objects are merged; null
    means absent.
    """

    __slots__ = ("folded",)

    def __init__(self, cls: type[Object], spec: Spec, dialect: Yaml) -> None:
        super().__init__(cls, spec, dialect)
        self.folded = {key.lower(): key for key in self.fields}

    def _values(self, node: Node, faults: Faults) -> dict[str, Any] | None:
        if node.kind != MAPPING:
            if node.is_null:
                faults.unknown = True
            else:
                faults.wrong.append((node, "mapping"))
            return None
        nodes: dict[str, Node] = {}
        for key, value in node.value:
            name = key.value
            if name not in self.fields:
                faults.unknown = True
                name = self.folded.get(name.replace("\u017f", "s").replace("\u212a", "k").lower())
                if name is None:
                    continue
            before = nodes.get(name)
            if before is not None and before.kind == value.kind == MAPPING:
                nodes[name] = Node(MAPPING, before.value + value.value, value.mark)
            else:
                nodes[name] = value
        values = self.zeros.copy()
        for name, value in nodes.items():
            attribute, reader = self.fields[name]
            read = reader(value, faults)
            if read is not None:
                values[attribute] = read
        return values


class Json(Yaml):
    """Readers of JSON nodes."""

    plan = JsonPlan

    def reader(self, row: Row, spec: Spec) -> Reader:
        """The reader of a row."""
        if row.is_object:
            one = lazy_reader(row, spec, self)
            return json_list_reader(one, lambda: plan_zero(row.type)) if row.is_list else one
        return json_list_reader(json_scalar_reader(row.type), row.type) if row.is_list else json_scalar_reader(row.type)


JSON: Final = Json()


def json_scalar_reader(wanted: type) -> Reader:
    """A reader of JSON scalars: a string is a string, an integer is written as one and fits in 64 bits."""
    tag = {str: STRING, int: INTEGER, bool: BOOLEAN}[wanted]
    name = {str: "string", int: "integer", bool: "boolean"}[wanted]

    def read(node: Node, faults: Faults) -> Any:
        if node.tag == tag and node.kind == SCALAR:
            if wanted is str:
                return node.value
            if wanted is bool:
                return node.value == "true"
            if len(node.value) <= 20 and scalars.INT64_MIN <= int(node.value) <= scalars.INT64_MAX:
                return int(node.value)
        elif node.is_null:
            return None
        faults.wrong.append((node, name))
        return None

    return read


def json_list_reader(one: Reader, zero: Callable[[], Any]) -> Reader:
    """A reader of JSON arrays; a null item is an item with nothing in it."""

    def read(node: Node, faults: Faults) -> list[Any] | None:
        if node.kind == SEQUENCE:
            items = (one(item, faults) for item in node.value)
            return [zero() if item is None else item for item in items]
        if not node.is_null:
            faults.wrong.append((node, "list"))
        return None

    return read
