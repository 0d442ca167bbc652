"""Keys that the spec does not know, and places that cannot be trusted.

In go a decoded object and the text it was decoded from; out come warnings. The text is walked by the pointers of what
was decoded, as the reference does, so an item that was dropped shifts what follows it, and what stands behind an alias
is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from stoker.document.nodes import MAPPING, SCALAR, Document
from stoker.report import Message, Pointer, pointer_text
from stoker.schema import messages as m
from stoker.schema.decode import rows
from stoker.schema.objects import Object
from stoker.schema.specs import Spec


def find_unused(
    cls: type[Object], thing: Object | None, document: Document, spec: Spec, pointer: Pointer = ()
) -> Iterator[tuple[Message, Pointer, dict[str, object]]]:
    """Yield (message, pointer, values); the pointer of an unused key ends in that key."""
    node, depth = document.find(pointer, as_decoded=False)
    known = rows(cls, spec)
    names = {row.name if spec.is_butane else row.json: row for row in known}
    if node is not None and depth == len(pointer):
        if node.kind == MAPPING:
            for key, _ in node.value:
                name = key.value if key.kind == SCALAR else key.style
                if name not in names:
                    yield m.UNUSED_KEY, (*pointer, name), {"key": name}
        else:
            yield m.TREE_MISMATCH, pointer, {"where": pointer_text(pointer)}
    elif thing is None:
        return
    for name, row in names.items():
        if not row.is_object:
            continue
        value = getattr(thing, row.name) if thing is not None else None
        if row.is_list:
            for index, item in enumerate(value or ()):
                yield from find_unused(row.type, item, document, spec, (*pointer, name, index))
        elif value is not None or spec.minor >= row.kept_until:
            yield from find_unused(row.type, value, document, spec, (*pointer, name))
