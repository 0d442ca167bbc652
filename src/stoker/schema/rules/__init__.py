"""Rules: what the types of the table cannot say.

A rule is a dated function beside the table that looks at one object and says what is wrong with it. There are three
stages: `SOURCE` rules judge what a person wrote in Butane, `RESULT` rules the Ignition config that comes out (or came
in), `ADVICE` rules what that config will do to the machine, which only `stoker check` asks. `walk` applies them in the
order of the reference: an object's own rules, then its attributes as the table has them, each item of a list in turn.
In the `v2` family an attribute may have rules too, that come when it is its turn, and nothing is looked at in an object
whose own rules failed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from stoker.report import Message, Pointer, Severity
from stoker.schema.decode import rows
from stoker.schema.marks import Dates, since, sugar
from stoker.schema.objects import Object
from stoker.schema.specs import Spec

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

# (stage, class) -> dates, the attribute it is about (empty: the object), the rule
_RULES: dict[tuple[str, type[Object]], list[tuple[Dates, str, Check]]] = {}


def rule(cls: type[Object], first: str = "3.0", until: str | None = None, *, row: str = "") -> Callable[[Check], Check]:
    """Register a rule of the Ignition language for a class, or in `v2` for an attribute of it, with its dates."""
    return _register(RESULT, cls, since(first, until), row)


def source_rule(
    cls: type[Object], first: str = "3.0", until: str | None = None, **variants: str
) -> Callable[[Check], Check]:
    """Register a rule of the Butane language for a class, with its dates."""
    return _register(SOURCE, cls, sugar(first, until, **variants))


def advice(cls: type[Object], dates: Dates | None = None) -> Callable[[Check], Check]:
    """Register a rule about what a config does to the machine; pointers are Ignition's."""
    return _register(ADVICE, cls, dates or since("3.0"))


def _register(stage: str, cls: type[Object], dates: Dates, row: str = "") -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        _RULES.setdefault((stage, cls), []).append((dates, row, check))
        return check

    return register


class Walker:
    """The rules of one class in one spec and stage, and the ways down to its children. `name` gives keys their name."""

    __slots__ = ("_checks_by_row", "_spec", "_stage", "checks", "children", "cls")

    def __init__(self, stage: str, cls: type[Object], spec: Spec) -> None:
        self._stage = stage
        self._spec = spec
        self.cls = cls
        self._checks_by_row: dict[str, list[Check]] = {}
        for base in cls.__mro__:
            for dates, row, check in _RULES.get((stage, base), []):
                if dates.has(spec):
                    self._checks_by_row.setdefault(row, []).append(check)
        self.checks = self._checks_by_row.get("", [])
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

    @property
    def is_idle(self) -> bool:
        """Whether no rule is about this class itself."""
        return not self._checks_by_row


class RowWalker(Walker):
    """A walker with rules for attributes, which does not look into an object that its own rules refuse."""

    __slots__ = ("_steps",)

    def __init__(self, stage: str, cls: type[Object], spec: Spec) -> None:
        super().__init__(stage, cls, spec)
        self._steps: list[tuple[str, str, list[Check], Walker | None, bool]] | None = None

    def _expand_steps(self) -> list[tuple[str, str, list[Check], Walker | None, bool]]:
        below = {name: child for name, _, child, _ in self._expand()}
        self._steps = [
            (row.name, row.json, self._checks_by_row.get(row.name, []), below.get(row.name), row.is_list)
            for row in rows(self.cls, self._spec)
            if row.name in below or row.name in self._checks_by_row
        ]
        return self._steps

    def walk(self, thing: Object, pointer: Pointer, say: Say) -> None:
        """Apply every rule to `thing` and to all below it."""
        before = len(say.findings)
        for check in self.checks:
            check(thing, pointer, say)
        if any(finding.severity is Severity.ERROR for finding in say.findings[before:]):
            return
        for name, key, checks, child, is_list in self._steps if self._steps is not None else self._expand_steps():
            for check in checks:
                check(thing, pointer, say)
            value = getattr(thing, name)
            if child is None or value is None:
                continue
            if is_list:
                for index, item in enumerate(value):
                    child.walk(item, (*pointer, key, index), say)
            else:
                child.walk(value, (*pointer, key), say)


_WALKERS: Final[dict[str, type[Walker]]] = {"v2": RowWalker, "v3": Walker, "clc": Walker}


@functools.cache
def walker(stage: str, cls: type[Object], spec: Spec) -> Walker:
    """The walker of a class, derived once."""
    return _WALKERS[spec.family](stage, cls, spec)


@functools.cache
def _waits(stage: str, cls: type[Object], spec: Spec) -> bool:
    """Whether any rule waits at or below a class."""
    if not walker(stage, cls, spec).is_idle:
        return True
    return any(row.is_object and _waits(stage, row.type, spec) for row in rows(cls, spec))
