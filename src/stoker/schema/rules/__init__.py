"""Rules: what the types of the table cannot say.

A rule is a dated function beside the table that looks at one object and says what is wrong with it. There are three
stages: `SOURCE` rules judge what a person wrote in Butane, `RESULT` rules the Ignition config that comes out (or came
in), `ADVICE` rules what that config will do to the machine, which only `stoker check` asks. `walk` applies them in the
order of the reference: an object's own rules, then its attributes as the table has them, each item of a list in turn.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from stoker.report import Message, Pointer, Severity
from stoker.schema.decode import rows
from stoker.schema.marks import Dates, since, sugar
from stoker.schema.specs import Spec
from stoker.schema.v3 import Object

SOURCE: Final = "source"
RESULT: Final = "result"
ADVICE: Final = "advice"


class Finding(NamedTuple):
    """A finding before its place is known; the pointer leads into the object that was judged."""

    severity: Severity
    message: Message
    pointer: Pointer
    values: dict[str, object]


class Say:
    """Collects findings about a config written in `spec`."""

    __slots__ = ("findings", "spec")

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.findings: list[Finding] = []

    def error(self, message: Message, pointer: Pointer, **values: object) -> None:
        """This stops."""
        self.findings.append(Finding(Severity.ERROR, message, pointer, values))

    def warn(self, message: Message, pointer: Pointer, **values: object) -> None:
        """This is worth knowing."""
        self.findings.append(Finding(Severity.WARNING, message, pointer, values))

    def note(self, message: Message, pointer: Pointer, **values: object) -> None:
        """This may be meant."""
        self.findings.append(Finding(Severity.INFO, message, pointer, values))

    @property
    def has_errors(self) -> bool:
        """Whether anything said stops."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


Check = Callable[[Any, Pointer, Say], None]

_RULES: dict[tuple[str, type[Object]], list[tuple[Dates, Check]]] = {}


def rule(cls: type[Object], first: str = "3.0", until: str | None = None) -> Callable[[Check], Check]:
    """Register a rule of the Ignition language for a class, with its dates."""
    return _register(RESULT, cls, since(first, until))


def source_rule(
    cls: type[Object], first: str = "3.0", until: str | None = None, **variants: str
) -> Callable[[Check], Check]:
    """Register a rule of the Butane language for a class, with its dates."""
    return _register(SOURCE, cls, sugar(first, until, **variants))


def advice(cls: type[Object], dates: Dates | None = None) -> Callable[[Check], Check]:
    """Register a rule about what a config does to the machine; pointers are Ignition's."""
    return _register(ADVICE, cls, dates or since("3.0"))


def _register(stage: str, cls: type[Object], dates: Dates) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        _RULES.setdefault((stage, cls), []).append((dates, check))
        return check

    return register


class Walker:
    """The rules of one class in one spec and stage, and the ways down to its children. `name` gives keys their name."""

    __slots__ = ("_spec", "_stage", "checks", "children", "cls")

    def __init__(self, stage: str, cls: type[Object], spec: Spec) -> None:
        self._stage = stage
        self._spec = spec
        self.cls = cls
        self.checks = [
            check for base in cls.__mro__ for dates, check in _RULES.get((stage, base), []) if dates.has(spec)
        ]
        self.children: list[tuple[str, str, Walker, bool]] | None = None

    def _expand(self) -> list[tuple[str, str, Walker, bool]]:
        """The attributes below which any rule waits; derived when an object of the class is first met."""
        is_source = self._stage == SOURCE
        self.children = [
            (row.name, row.name if is_source else row.json, walker(self._stage, row.type, self._spec), row.is_list)
            for row in rows(self.cls, self._spec)
            if row.is_object and _waits(self._stage, row.type, self._spec)
        ]
        return self.children

    def walk(self, thing: Object, pointer: Pointer, say: Say) -> None:
        """Apply every rule to `thing` and to all below it."""
        for check in self.checks:
            check(thing, pointer, say)
        for name, key, child, is_list in self.children if self.children is not None else self._expand():
            value = getattr(thing, name)
            if is_list:
                for index, item in enumerate(value):
                    child.walk(item, (*pointer, key, index), say)
            elif value is not None:
                child.walk(value, (*pointer, key), say)


@functools.cache
def walker(stage: str, cls: type[Object], spec: Spec) -> Walker:
    """The walker of a class, derived once."""
    return Walker(stage, cls, spec)


@functools.cache
def _waits(stage: str, cls: type[Object], spec: Spec) -> bool:
    """Whether any rule waits at or below a class."""
    if walker(stage, cls, spec).checks:
        return True
    return any(row.is_object and _waits(stage, row.type, spec) for row in rows(cls, spec))
