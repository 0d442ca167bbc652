"""Nodes: a text as a tree that knows its places.

Readers (`yaml.py`, `json.py`) make nodes; decoders read them. Scalars keep their raw text: what it means depends on
the type that is wanted. A mapping's value is a list of pairs of nodes, a sequence's a list of nodes, an alias's the
node it stands for.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from stoker.report import ROOT, Place, Pointer

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
    """A text and its tree. `root` is None when the text says nothing."""

    __slots__ = ("file", "root", "text")

    def __init__(self, file: str, text: bytes, root: Node | None) -> None:
        self.file = file
        self.text = text
        self.root = root

    def find(self, pointer: Pointer, *, skip_nulls: bool = True) -> tuple[Node | None, int]:
        """Walk from the root along `pointer`; the deepest node on the way, and how many steps led to it.

        Items that say nothing are dropped when a list is decoded; `skip_nulls` counts as the decoder does. Without it
        indexes count what the text shows, which is how the reference looks places up.
        """
        node, depth = self.root, 0
        for step in pointer:
            child = None if node is None else _child(node, step, skip_nulls)
            if child is None:
                break
            node, depth = child, depth + 1
        return node, depth

    def has(self, pointer: Pointer) -> bool:
        """Whether the text says anything, be it null, at `pointer`."""
        return self.find(pointer)[1] == len(pointer)

    def place(self, pointer: Pointer, *, skip_nulls: bool = True) -> Place | None:
        """The place of the value at `pointer`, or of the deepest value above it."""
        node, _ = self.find(pointer, skip_nulls=skip_nulls)
        return None if node is None else self.place_of(node)

    def key_place(self, pointer: Pointer, *, skip_nulls: bool = True) -> Place | None:
        """The place of the key that leads to `pointer`; of the deepest value above it when there is no such key."""
        parent, depth = self.find(pointer[:-1], skip_nulls=skip_nulls)
        if parent is not None and depth == len(pointer) - 1 and parent.kind == MAPPING:
            for key, _ in parent.value:
                if pointer[-1] in (key.value, key.style if key.kind == ALIAS else None):
                    return self.place_of(key)
        return None if parent is None else self.place_of(parent)

    def place_of(self, node: Node) -> Place:
        """The place where `node` starts."""
        return Place(self.file, node.mark.line + 1, node.mark.column + 1)

    def pointer_of(self, wanted: Node) -> Pointer:
        """The pointer of a node, found by looking for it; the root's when it is not in the tree."""
        stack: list[tuple[Node, Pointer]] = [] if self.root is None else [(self.root, ROOT)]
        while stack:
            node, pointer = stack.pop()
            if node is wanted:
                return pointer
            if node.kind == MAPPING:
                for key, value in node.value:
                    here = (*pointer, str(key.value))
                    if key is wanted:
                        return here
                    stack.append((value, here))
            elif node.kind == SEQUENCE:
                stack.extend((item, (*pointer, index)) for index, item in enumerate(node.value))
        return ROOT


def _child(node: Node, step: str | int, skip_nulls: bool) -> Node | None:
    if node.kind == MAPPING and isinstance(step, str):
        found = None
        for key, value in node.value:
            if key.value == step:
                found = value
        return found
    if node.kind == SEQUENCE and isinstance(step, int):
        items = [item for item in node.value if not item.is_null] if skip_nulls else node.value
        return items[step] if step < len(items) else None
    return None
