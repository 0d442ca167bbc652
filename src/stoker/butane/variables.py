"""Variables of a document: `variables:` declares them, `${{ name }}` in a value stands for them.

In go the nodes of a document and what an includer gives; out come nodes with the values in place, before anything is
decoded. A reference that is the whole of a value takes the variable's type; inside of a text it is written out. The
braces are doubled behind a dollar sign because nothing else that stands in a config writes that: not the shell
(`${name}`), not systemd (`${NAME}`, `%n`), not Go's templates (`{{ .name }}`). `$${{` is `${{` itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from stoker.butane import notices as m
from stoker.document import scalars
from stoker.document.nodes import ALIAS, CYCLE, MAPPING, SCALAR, SEQUENCE, STRING, Document, Node
from stoker.document.scalars import MISMATCH
from stoker.report import Message, Place, Pointer, Report, Severity
from stoker.schema.composing import VARIABLE_TYPES

# Beyond this depth no key of the language stands; what lies there is left as it is.
MAX_DEPTH: Final = 100
MAX_EXPANDED: Final = 16 << 20

# The braces themselves; or a reference and what closes it.
_REFERENCE: Final = re.compile(r"\$(\$\{\{)|\$\{\{(.*?)(\}\}|\Z)", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_GOT: Final = {MAPPING: "a mapping", SEQUENCE: "a list", ALIAS: "an alias"}


class Given(NamedTuple):
    """What an includer gives: where it names the variable, the value, and the document both are in."""

    key: Node
    value: Node
    document: Document


class Asker(NamedTuple):
    """Who includes a document: an entry of `include`."""

    document: Document
    entry: Node


class _Declared(NamedTuple):
    key: Node
    type: str
    default: Node | None


class Variables:
    """The variables of one document with their values, and which of them were used."""

    def __init__(self, document: Document, mistakes: Mistakes) -> None:
        self.document = document
        self.mistakes = mistakes
        self.declared: dict[str, _Declared] = {}
        self.values: dict[str, Node] = {}
        self.open: set[Place] = set()  # where a value is wanted that is not there
        self._missing: set[str] = set()  # of those without a value, what was not said yet
        self._used: set[str] = set()
        self._size = 0
        self._made: dict[int, Node] = {}

    def declare(self, node: Node) -> None:
        """Read the declarations."""
        if node.kind != MAPPING:
            self._bad(node, "`variables` is a mapping of names to what they are")
            return
        for key, value in node.value:
            if not _is_name(key):
                self._bad(key, f"`{key.value}` is no name for a variable")
                continue
            parts = members(value)
            kind = parts.get("type")
            is_known = kind is not None and kind.kind == SCALAR and kind.value in VARIABLE_TYPES
            if kind is None or not is_known or not set(parts) <= {"type", "default"}:
                self._bad(value, f"variable `{key.value}` does not say what it is")
                continue
            self.declared[key.value] = _Declared(key, kind.value, parts.get("default"))

    def bind(self, given: Mapping[str, Given], path: str, asker: Asker | None) -> None:
        """Give each variable its value: the includer's, or else its default. `asker` is where this is included."""
        for name, extra in given.items():
            if name not in self.declared:
                self._say(m.UNKNOWN_VARIABLE, extra.key, extra.document, name=name, path=path)
        for name, declared in self.declared.items():
            default = None if declared.default is None else Given(declared.key, declared.default, self.document)
            one = given.get(name, default)
            if one is None:
                if asker is None:
                    self._missing.add(name)
                else:
                    self._say(m.NOT_GIVEN, asker.entry, asker.document, name=name, path=path)
                continue
            value = one.value.value if one.value.kind == ALIAS else one.value
            if not _is_of(declared.type, value):
                wanted = VARIABLE_TYPES[declared.type]
                self._say(m.VARIABLE_TYPE, one.value, one.document, name=name, wanted=wanted, got=_got(value))
                continue
            self.values[name] = value

    def fill(self, node: Node, depth: int = 0) -> Node:
        """A node with the values in place; the node itself where it has no reference."""
        if not self.declared or depth > MAX_DEPTH or node.tag == CYCLE:
            return node
        made = self._made.get(id(node))
        if made is None:
            made = self._made[id(node)] = self._fill(node, depth + 1)
        return made

    def _fill(self, node: Node, depth: int) -> Node:
        if node.kind == SCALAR:
            return self._fill_scalar(node) if "${{" in node.value else node
        if node.kind == ALIAS:
            target = self.fill(node.value, depth)
            return node if target is node.value else Node(ALIAS, target, node.mark, node.tag, node.style)
        if node.kind == MAPPING:
            pairs = [(key, self.fill(value, depth)) for key, value in node.value]
            return Node(MAPPING, pairs, node.mark, node.tag, node.style)
        return Node(SEQUENCE, [self.fill(item, depth) for item in node.value], node.mark, node.tag, node.style)

    def _fill_scalar(self, node: Node) -> Node:
        whole = _REFERENCE.fullmatch(node.value)
        if whole and whole[3] and _NAME.fullmatch(whole[2].strip()):
            return self._whole(node, whole[2].strip())
        text = _REFERENCE.sub(lambda found: self._text(node, found), node.value)
        return Node(SCALAR, text, node.mark, STRING, node.style)

    def _whole(self, node: Node, name: str) -> Node:
        value = self._value(node, name)
        if value is None:
            self.open.add(self.document.place_of(node))
            return node
        if value.kind == SEQUENCE:
            items = [Node(SCALAR, scalars.string(item), node.mark, STRING) for item in value.value]
            return Node(SEQUENCE, items, node.mark)
        is_text = self.declared[name].type == "string"
        return Node(SCALAR, scalars.string(value) if is_text else value.value, node.mark, STRING if is_text else None)

    def _text(self, node: Node, found: re.Match[str]) -> str:
        """What a reference inside of a text is replaced by: numbers in decimal, true and false."""
        if found[1]:
            return found[1]
        if not found[3]:
            self._say(m.OPEN_REFERENCE, node, text=found[0][:40])
            return found[0]
        name = found[2].strip()
        if not _NAME.fullmatch(name):
            self._say(m.BAD_REFERENCE, node, text=found[0][:40])
            return found[0]
        value = self._value(node, name)
        if value is None:
            return found[0]
        kind = self.declared[name].type
        if kind == "list":
            self._say(m.LIST_IN_TEXT, node, name=name)
            return found[0]
        if kind == "boolean":
            return "true" if scalars.boolean(value) else "false"
        return str(scalars.integer(value) if kind == "integer" else scalars.string(value))

    def _value(self, node: Node, name: str) -> Node | None:
        """The value of a variable, while there is room for it."""
        if name not in self.declared:
            self._say(m.UNDECLARED_VARIABLE, node, name=name)
        self._used.add(name)
        self._say_missing(name, node)
        value = self.values.get(name)
        if value is None or self._size > MAX_EXPANDED:
            return None
        items = value.value if value.kind == SEQUENCE else [value]
        self._size += sum(len(item.value) for item in items)
        if self._size > MAX_EXPANDED:
            self._say(m.EXPANDED_TOO_LARGE, node, limit=MAX_EXPANDED)
            return None
        return value

    def find_unused(self) -> None:
        """Report what was declared and never used."""
        for name, declared in self.declared.items():
            if name not in self._used:
                self._say_missing(name, declared.key)
                self._say(m.UNUSED_VARIABLE, declared.key, name=name)

    def _say_missing(self, name: str, node: Node) -> None:
        """Say once of a variable that it has no value, where it is used first."""
        if name in self._missing:
            self._missing.remove(name)
            self._say(m.MISSING_VARIABLE, node, name=name)

    def _bad(self, node: Node, what: str) -> None:
        self._say(m.BAD_VARIABLE, node, what=what, types=", ".join(VARIABLE_TYPES))

    def _say(self, message: Message, node: Node, document: Document | None = None, **values: object) -> None:
        self.mistakes.add(message, document or self.document, node, **values)


class Mistakes:
    """What is wrong with nodes, and in which document. Their pointers are looked up together: that walks the tree."""

    def __init__(self) -> None:
        self._found: list[tuple[Document, Node, Message, dict[str, object]]] = []

    def add(self, message: Message, document: Document, node: Node, /, **values: object) -> None:
        """Note a mistake."""
        self._found.append((document, node, message, values))

    def tell(self, report: Report) -> None:
        """Report all that was noted, and forget it."""
        pointers: dict[int, list[Pointer]] = {}
        for document in {id(document): document for document, *_ in self._found}.values():
            nodes = [node for other, node, *_ in self._found if other is document]
            pointers[id(document)] = document.pointers_of(nodes)[::-1]
        for document, node, message, values in self._found:
            pointer, place = pointers[id(document)].pop(), document.place_of(node)
            report.add(Severity.ERROR, message, pointer, place, **values)
        self._found.clear()


def members(node: Node) -> dict[str, Node]:
    """The values of a mapping by key; none of anything else. A key that is no scalar is an empty one."""
    target = node.value if node.kind == ALIAS else node
    pairs = target.value if target.kind == MAPPING else ()
    return {key.value if key.kind == SCALAR else "": value for key, value in pairs}


def _got(value: Node) -> str:
    """What a value is, where it is of another type than it has to be; quotes tell a text from what it reads as."""
    if value.kind != SCALAR:
        return _GOT[value.kind]
    if value.is_null:
        return "nothing"
    return f"the text `{value.value}`" if value.style else f"`{value.value}`"


def _is_name(node: Node) -> bool:
    return node.kind == SCALAR and _NAME.fullmatch(node.value) is not None


def _is_of(kind: str, value: Node) -> bool:
    """Whether a value is of a type; one that says nothing is of none."""
    if kind == "list":
        return value.kind == SEQUENCE and all(_is_of("string", item) for item in value.value)
    if value.kind != SCALAR or value.is_null:
        return False
    read = {"string": scalars.string, "integer": scalars.integer, "boolean": scalars.boolean}[kind]
    return read(value) is not MISMATCH
