"""What a person expects of a rehearsal, as they wrote it: in goes YAML, out come Expectations that know their lines.

    config: web.bu
    expect:
      - file: /etc/hostname
        is: web
      - unit: web.service
        state: enabled

An entry is about one subject (`file`, `unit`, ...); its other keys say what of it. The table of subjects and keys is
here, what they mean is in `assertions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from stoker.document import scalars, yaml
from stoker.document.nodes import ALIAS, CYCLE, MAPPING, SCALAR, SEQUENCE, Document, Node
from stoker.engine import messages
from stoker.report import Message, Place, Report, Severity

MOST: Final = 10_000  # expectations in a file
MOST_TEXTS: Final = 100  # texts of a key
STATES: Final = ("enabled", "disabled", "masked")  # of a unit

Reader = Callable[[Node], object]


class Value(NamedTuple):
    """A kind of value: what it is in words, and how it is read."""

    words: str
    read: Reader


def _texts(node: Node) -> object:
    """One text or a list of them."""
    items = node.value if node.kind == SEQUENCE else [node]
    if len(items) > MOST_TEXTS:
        return scalars.MISMATCH
    found = [scalars.string(item) if item.kind == SCALAR else scalars.MISMATCH for item in items]
    return scalars.MISMATCH if scalars.MISMATCH in found or None in found else tuple(found)


def _path(text: str) -> object:
    return text if text.startswith("/") and "\0" not in text else scalars.MISMATCH


def _state(text: str) -> object:
    return text if text in STATES else scalars.MISMATCH


def _digest(text: str) -> object:
    return text.lower() if re.fullmatch("[0-9a-fA-F]{64}", text) else scalars.MISMATCH


def _scalar(read: Reader) -> Reader:
    return lambda node: read(node) if node.kind == SCALAR else scalars.MISMATCH


TEXT: Final = Value("a text", _scalar(scalars.string))
TEXTS: Final = Value(f"a text, or a list of at most {MOST_TEXTS}", _texts)
NUMBER: Final = Value("a whole number", _scalar(scalars.integer))
NAME: Final = Value("a name", _scalar(lambda node: scalars.MISMATCH if "\0" in node.value else scalars.string(node)))
PATH: Final = Value("an absolute path", _scalar(lambda node: _path(node.value)))
DIGEST: Final = Value("64 hexadecimal digits", _scalar(lambda node: _digest(node.value)))
MODE: Final = Value("a mode in octal, such as 0644", _scalar(scalars.integer))
STATE: Final = Value(f"one of {', '.join(STATES)}", _scalar(lambda node: _state(node.value)))
FLAG: Final = Value("true or false", _scalar(scalars.boolean))

_OF_PATH: Final = {"exists": FLAG, "mode": MODE, "owner": TEXT, "group": TEXT}

# What an expectation can be about, and what of it.
SUBJECTS: Final[dict[str, dict[str, Value]]] = {
    "file": {**_OF_PATH, "is": TEXT, "has": TEXTS, "lacks": TEXTS, "sha256": DIGEST},
    "directory": _OF_PATH,
    "link": {"exists": FLAG, "to": TEXT},
    "user": {"exists": FLAG, "id": NUMBER, "in": TEXTS, "home": TEXT, "shell": TEXT, "key": TEXTS},
    "group": {"exists": FLAG, "id": NUMBER},
    "unit": {"exists": FLAG, "state": STATE, "has": TEXTS, "lacks": TEXTS},
    "partition": {"exists": FLAG, "disk": TEXT, "at_least": NUMBER, "at_most": NUMBER, "format": TEXT},
    "mount": {"exists": FLAG, "device": TEXT, "format": TEXT},
    "kernel_argument": {"exists": FLAG},
    "refused": {"has": TEXTS},
}
_PATHS: Final = frozenset({"file", "directory", "link", "mount"})  # subjects that are named by a path
_OF_CONFIG: Final = frozenset({"variant", "ignition"})  # keys that a config begins with
_HEAD: Final = {"config": TEXT, "inventory": TEXT, "distribution": TEXT}


class Expectation(NamedTuple):
    """One entry: what it is about, what is wanted of it by key, and where each key stands (the subject's under "")."""

    subject: str
    name: str
    wanted: dict[str, Any]
    places: dict[str, Place]

    @property
    def title(self) -> str:
        """What it is about, in words: `file /etc/hostname`."""
        return f"{self.subject.replace('_', ' ')} {self.name}"


class Expectations(NamedTuple):
    """A file of them: the config, the inventory and the distribution that it names (empty: none), and its entries."""

    config: str
    inventory: str
    distribution: str
    entries: tuple[Expectation, ...]


def read_expectations(text: bytes, file: str) -> tuple[Expectations | None, Report]:
    """Read a file of expectations; None when it has errors. `file` is the name to show."""
    document, report = yaml.read(text, file)
    if document is None:
        return None, report
    reader = _Reader(document, report)
    found = reader.read()
    return (None if report.has_errors else found), report


class _Reader:
    """Reads one document. What is wrong goes to the report."""

    def __init__(self, document: Document, report: Report) -> None:
        self._document = document
        self._report = report

    def read(self) -> Expectations:
        root = self._document.root
        pairs = self._pairs(root, "a file of expectations")
        if not _HEAD.keys() & pairs.keys() and _OF_CONFIG & pairs.keys():
            self._say(messages.A_CONFIG, root)
            return Expectations("", "", "", ())
        self._refuse_others(pairs, {*_HEAD, "expect"}, "in a file of expectations")
        head = {key: self._value(key, pairs[key][1], value) for key, value in _HEAD.items() if key in pairs}
        if head.get("config", "") == "":  # None is one that was refused
            self._say(messages.NO_CONFIG_NAMED, root)
        entries = self._items(pairs["expect"][1]) if "expect" in pairs else []
        if entries == []:
            self._say(messages.NOTHING_EXPECTED, root)
        found = tuple(one for one in map(self._entry, entries or ()) if one is not None)
        config, inventory, distribution = (str(head.get(key) or "") for key in _HEAD)
        return Expectations(config, inventory, distribution, found)

    def _entry(self, node: Node) -> Expectation | None:
        pairs = self._pairs(node, "an expectation")
        if node.kind != MAPPING:
            return None
        subjects = [key for key in pairs if key in SUBJECTS]
        # `group` is also what of a path: a subject only where there is no other.
        if len(subjects) > 1 and "group" in subjects:
            subjects.remove("group")
        if not subjects:
            self._say(messages.NO_SUBJECT, node, known=", ".join(f"`{key}`" for key in SUBJECTS))
            return None
        subject, *others = subjects
        if others:
            self._say(messages.TWO_SUBJECTS, pairs[others[0]][0], one=subject, other=others[0])
            return None
        keys = SUBJECTS[subject]
        self._refuse_others(pairs, {subject, *keys}, f"of a `{subject}`")
        name = self._value(subject, pairs[subject][1], PATH if subject in _PATHS else NAME)
        wanted = {key: self._value(key, pairs[key][1], value) for key, value in keys.items() if key in pairs}
        places = {key: self._document.place_of(pair[0]) for key, pair in pairs.items()}
        return Expectation(subject, str(name or ""), wanted, places | {"": places[subject]})

    # Nodes

    def _pairs(self, node: Node | None, what: str) -> dict[str, tuple[Node, Node]]:
        """The keys of a mapping, each with its node and its value."""
        node = node and _followed(node)
        if node is None or node.kind != MAPPING:
            self._say(messages.NOT_A_MAPPING, node, what=what)
            return {}
        found: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            name = str(key.value) if key.kind == SCALAR else "?"
            if name in found:
                self._say(messages.TWICE, key, key=name)
            found[name] = (key, _followed(value))
        return found

    def _items(self, node: Node) -> list[Node] | None:
        """The items of a list; None when it is refused."""
        if node.kind != SEQUENCE:
            self._say(messages.NOT_A_LIST, node, what="`expect`")
            return None
        if len(node.value) > MOST:
            self._say(messages.TOO_MANY_EXPECTED, node, most=MOST, what="expectations")
            return None
        return [_followed(item) for item in node.value]

    def _value(self, key: str, node: Node, value: Value) -> object:
        found = value.read(node)
        if found is scalars.MISMATCH or found is None:
            self._say(messages.WRONG_VALUE, node, key=key, wanted=value.words)
            return None
        return found

    def _refuse_others(self, pairs: dict[str, tuple[Node, Node]], known: set[str], where: str) -> None:
        for name, (key, _) in pairs.items():
            if name not in known:
                listed = ", ".join(f"`{one}`" for one in sorted(known))
                self._say(messages.UNKNOWN_KEY, key, key=name, where=where, known=listed)

    def _say(self, message: Message, node: Node | None, **values: object) -> None:
        place = Place(self._document.file, 1, 1) if node is None else self._document.place_of(node)
        self._report.add(Severity.ERROR, message, (), place, **values)


def _followed(node: Node) -> Node:
    """What an alias names; one that names what it stands in stays itself, and is refused as no value."""
    return node.value if node.kind == ALIAS and node.value.tag != CYCLE else node
