"""Whether every part of a compiled config knows the lines it came from: for the golden cases, and for any other.

`python -m tests.butane.provenance FILE...` compiles documents and names the parts that do not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from stoker.butane import Compilation, compile_text
from stoker.butane.origins import settle
from stoker.document.nodes import ALIAS, MAPPING, MERGE_KEY, Document
from stoker.report import ROOT, Pointer, pointer_text


def pointers(data: Any, here: Pointer = ROOT) -> Iterator[tuple[Pointer, Any]]:
    """Every pointer into plain data, with what is there."""
    yield here, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from pointers(value, (*here, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from pointers(item, (*here, index))


def unexplained(done: Compilation) -> list[Pointer]:
    """The parts of the config that no line of the document is known to have given."""
    if done.config is None or done.document is None:
        return []
    return [
        pointer
        for pointer, value in pointers(msgspec.to_builtins(done.config))
        if not any(_says(done.document, source, value) for source in done.origins.trace(pointer))
    ]


def _says(document: Document, source: Pointer, value: Any) -> bool:
    """Whether the document has something at `source`, be it behind an alias or a merge key.

    An empty string may stand for what a spec requires and the document leaves out: then what it belongs to counts.
    """
    pointer = settle(document, source)
    node, depth = document.find(pointer)
    if node is None:
        return False
    is_behind = node.kind == ALIAS or (node.kind == MAPPING and any(key.value == MERGE_KEY for key, _ in node.value))
    return depth == len(pointer) or is_behind or (value == "" and depth == len(pointer) - 1)


def main(files: list[str]) -> None:
    for file in files:
        done = compile_text(Path(file).read_bytes(), file=file, files_dir=str(Path(file).parent))
        for pointer in unexplained(done):
            sys.stdout.write(f"{file}: {pointer_text(pointer)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
