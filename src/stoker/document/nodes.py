"""Nodes: a text as a tree that knows its places.

Readers (`yaml.py`, `json.py`) make nodes; decoders read them. Scalars keep their raw text: what it means depends on
the type that is wanted. A mapping's value is a list of pairs of nodes, a sequence's a list of nodes, an alias's the
node it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

from stoker.report import Place, Pointer

SCALAR: Final = 0
MAPPING: Final = 1
SEQUENCE: Final = 2
ALIAS: Final = 3

MERGE_KEY: Final = "<<"
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})

STRING: Final = "tag:yaml.org,2002:str"
NULL: Final = "tag:yaml.org,2002:null"
BOOLEAN: Final = "tag:yaml.org,2002:bool"
INTEGER: Final = "tag:yaml.org,2002:int"
FLOAT: Final = "tag:yaml.org,2002:float"
BINARY: Final = "tag:yaml.org,2002:binary"
CYCLE: Final = "an alias inside of what it stands for"


class Mark(Protocol):
    """A point in a text; counts from 0."""

    @property
    def line(self) -> int:
        """Lines before the point."""
        ...

    @property
    def column(self) -> int:
        """Columns before the point in its line."""
        ...


class Node:
    """One node. `tag` is None unless the text gives one; `style` is empty for plain scalars, an alias's is its name."""

    __slots__ = ("kind", "mark", "style", "tag", "value")

    def __init__(self, kind: int, value: Any, mark: Mark, tag: str | None = None, style: str = "") -> None:
        self.kind = kind
        self.value = value
        self.mark = mark
        self.tag = tag
        self.style = style

    @property
    def is_null(self) -> bool:
        """Whether it is a scalar that says nothing."""
        if self.kind == ALIAS:
            return bool(self.value.is_null)
        return self.kind == SCALAR and (
            self.tag == NULL or (not self.style and self.tag is None and self.value in NULLS)
        )


def sizes_below(root: Node, sizes: dict[int, int]) -> int:
    """How many nodes a reader meets who follows every alias from `root` on. `sizes` remembers them by identity.

    Aliases of aliases multiply ("billion laughs"), so this is counted before anything is read through one.
    """
    stack = [(root, False)]
    while stack:
        node, is_back = stack.pop()
        if id(node) in sizes:
            continue
        if node.kind == MAPPING:
            children = [child for pair in node.value for child in pair]
        elif node.kind == SCALAR:
            children = []
        else:
            children = [node.value] if node.kind == ALIAS else node.value
        if children and not is_back:
            stack.append((node, True))
            stack.extend((child, False) for child in children)
        else:
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
    return sizes[id(root)]


class Document:
    """A text and its tree. `root` is None when the text says nothing. The tree is not changed once it is asked."""

    __slots__ = ("_children", "_keys", "file", "root", "text")

    def __init__(self, file: str, text: bytes, root: Node | None) -> None:
        self.file = file
        self.text = text
        self.root = root
        # By identity of a collection, so that a long one is not walked again for each finding in it.
        self._children: dict[tuple[int, bool], dict[Any, Node]] = {}
        self._keys: dict[int, dict[str, Node]] = {}

    def find(self, pointer: Pointer, *, as_decoded: bool = True) -> tuple[Node | None, int]:
        """Walk from the root along `pointer`; the deepest node on the way, and how many steps led to it.

        With `as_decoded` it goes as the decoder does: items that say nothing are not counted, aliases lead to what they
        name, `<<` brings keys. Without it the text counts as it stands, which is how the reference looks places up.
        """
        node, depth = self.root, 0
        for step in pointer:
            child = None if node is None else self._below(node, as_decoded).get(step)
            if child is None:
                break
            node, depth = child, depth + 1
        return node, depth

    def _below(self, node: Node, as_decoded: bool) -> dict[Any, Node]:
        """What a collection holds, by key or index; of a key that stands twice the last value counts."""
        if as_decoded:
            node = _target(node)
        known = self._children.get((id(node), as_decoded))
        if known is None:
            known = self._children[id(node), as_decoded] = {}
            if node.kind == MAPPING:
                if as_decoded:
                    for source in reversed(_merged(node)):
                        known |= self._below(source, as_decoded)
                known |= {key.value: value for key, value in node.value if key.kind == SCALAR}
            elif node.kind == SEQUENCE:
                known |= enumerate(item for item in node.value if not (as_decoded and item.is_null))
        return known

    def has(self, pointer: Pointer) -> bool:
        """Whether the text says anything, be it null, at `pointer`."""
        return self.find(pointer)[1] == len(pointer)

    def place(self, pointer: Pointer, *, as_decoded: bool = True) -> Place:
        """The place of the value at `pointer`, or of the deepest value above it; the start of a text without any."""
        node, _ = self.find(pointer, as_decoded=as_decoded)
        return Place(self.file, 1, 1) if node is None else self.place_of(node)

    def key_place(self, pointer: Pointer, *, as_decoded: bool = True) -> Place:
        """The place of the key that leads to `pointer`; of the deepest value above it when there is no such key."""
        parent, depth = self.find(pointer[:-1], as_decoded=as_decoded)
        if parent is None:
            return Place(self.file, 1, 1)
        key = self._keys_of(parent).get(str(pointer[-1])) if pointer and depth == len(pointer) - 1 else None
        return self.place_of(parent if key is None else key)

    def _keys_of(self, node: Node) -> dict[str, Node]:
        """The keys of a mapping as they are written, an alias by its name; of those that stand twice the first."""
        known = self._keys.get(id(node))
        if known is None:
            known = self._keys[id(node)] = {}
            for key, _ in node.value if node.kind == MAPPING else ():
                if key.kind in (SCALAR, ALIAS):
                    known.setdefault(key.value if key.kind == SCALAR else key.style, key)
        return known

    def place_of(self, node: Node) -> Place:
        """The place where `node` starts."""
        return Place(self.file, node.mark.line + 1, node.mark.column + 1)

    def pointers_of(self, wanted: Iterable[Node]) -> list[Pointer]:
        """The pointers of nodes, found by one walk through the tree; the root's for those that are not in it."""
        above: dict[int, tuple[int, str | int]] = {}
        stack: list[Node] = [] if self.root is None else [self.root]
        while stack:
            node = stack.pop()
            if node.kind == MAPPING:
                for key, value in node.value:
                    above[id(key)] = above[id(value)] = (id(node), _key_text(key))
                    stack.append(value)
            elif node.kind == SEQUENCE:
                for index, item in enumerate(node.value):
                    above[id(item)] = (id(node), index)
                stack.extend(node.value)
        return [_climb(id(node), above) for node in wanted]


def _target(node: Node) -> Node:
    """What an alias names; one that names what it stands in names nothing."""
    return node.value if node.kind == ALIAS and node.value.tag != CYCLE else node


def _merged(node: Node) -> list[Node]:
    """The mappings that `<<` brings into one, the first of which counts most (https://yaml.org/type/merge.html)."""
    sources = [_target(value) for key, value in node.value if key.value == MERGE_KEY and not key.style]
    return [_target(one) for source in sources for one in (source.value if source.kind == SEQUENCE else [source])]


def _climb(here: int, above: dict[int, tuple[int, str | int]]) -> Pointer:
    steps: list[str | int] = []
    while here in above:
        here, step = above[here]
        steps.append(step)
    return tuple(reversed(steps))


def _key_text(key: Node) -> str:
    """A key as a step of a pointer; a collection, which is no key in any of the languages, is `?` as YAML marks it."""
    target = key.value if key.kind == ALIAS else key
    return str(target.value) if target.kind == SCALAR else "?"
