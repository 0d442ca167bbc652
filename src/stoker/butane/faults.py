"""What a decoder could not read, as findings.

In go the faults of a decoder and the document; out come entries in a report, each with the place, what was wanted,
what is there, and what to do.
"""

from __future__ import annotations

from typing import Final

from stoker.document.messages import DUPLICATE_KEY
from stoker.document.nodes import ALIAS, MAPPING, SEQUENCE, Document
from stoker.report import Report, Severity
from stoker.schema import messages as m
from stoker.schema.clc_messages import NOT_A_VERSION
from stoker.schema.decode import Faults

# What was wanted: how a person says it, and what to do.
_WANTED: Final = {
    "string": ("a string", "write a single value"),
    "integer": ("an integer", "write a whole number without quotes, modes with a leading zero"),
    "whole number": ("an integer that is not negative", "write a whole number without quotes"),
    "boolean": ("a boolean", "write true or false without quotes"),
    "list": ("a list", "write each item on a line of its own, beginning with `- `"),
    "mapping": ("a mapping", "write `key: value` pairs"),
    "fewer aliases": ("fewer values behind aliases", "document contains excessive aliasing: write some of them out"),
    "no alias of what it is in": ("a value that does not contain itself", "write the value out"),
    "map merge": ("a mapping or a list of mappings to merge", "`<<` takes an alias of a mapping"),
}
_GOT: Final = {MAPPING: "a mapping", SEQUENCE: "a list", ALIAS: "an alias"}


def report_faults(faults: Faults, document: Document, report: Report) -> bool:
    """Report what could not be read; whether there was anything."""
    if not (faults.twice or faults.wrong):
        return False
    pointers = iter(document.pointers_of([key for key, _ in faults.twice] + [node for node, _ in faults.wrong]))
    for key, first in faults.twice:
        pointer, place = next(pointers), document.place_of(key)
        report.add(Severity.ERROR, DUPLICATE_KEY, pointer, place, key=key.value, line=first.mark.line + 1)
    for node, wanted in faults.wrong:
        pointer, place = next(pointers), document.place_of(node)
        if wanted == "version":
            report.add(Severity.ERROR, NOT_A_VERSION, pointer, place, version=node.value)
            continue
        words, advice = _WANTED[wanted]
        got = _GOT.get(node.kind) or ("nothing" if node.is_null else f"`{_shorten(node.value)}`")
        report.add(Severity.ERROR, m.WRONG_TYPE, pointer, place, wanted=words, got=got, advice=advice)
    return True


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
