"""What a scalar means when a string, an integer or a boolean is wanted.

In goes a scalar node and the wanted type; out comes the value, None where the text says nothing, or `MISMATCH`.
YAML scalars are read the way go-yaml v3 decodes into typed fields: octal with and without `o`, `yes` and `on` as
booleans only where one is wanted, numbers as strings where a string is wanted. JSON scalars are what they are.
Source: go-yaml v3 `resolve.go` and `decode.go`; encoding/json of Go.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from stoker.document.nodes import BINARY, BOOLEAN, FLOAT, INTEGER, NULL, NULLS, STRING, Node

MISMATCH: Final = object()

INT64_MIN: Final = -(1 << 63)
INT64_MAX: Final = (1 << 63) - 1

_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
_TRUE_WHEN_WANTED: Final = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE_WHEN_WANTED: Final = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF"})

_INTEGER: Final = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_KNOWN_TAGS: Final = frozenset({STRING, NULL, BOOLEAN, INTEGER, FLOAT, BINARY})


def _says_null(node: Node) -> bool:
    return node.tag == NULL or (not node.style and node.tag not in _KNOWN_TAGS and node.value in NULLS)


def _is_text(node: Node) -> bool:
    """Whether the scalar is a string whatever it looks like: quoted, a block, or tagged as one."""
    return node.tag == STRING or (node.tag not in _KNOWN_TAGS and bool(node.style))


def string(node: Node) -> object:
    """A string: the raw text of any scalar, decoded when it is tagged as binary."""
    if node.tag == BINARY:
        try:
            return base64.b64decode("".join(node.value.split()), validate=True).decode("utf-8", "surrogateescape")
        except (binascii.Error, ValueError):
            return MISMATCH
    if not _is_text(node) and _says_null(node):
        return None
    return node.value


def boolean(node: Node) -> object:
    """A boolean."""
    value = node.value
    if not _is_text(node):
        if _says_null(node):
            return None
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
    if value in _TRUE_WHEN_WANTED:
        return True
    return False if value in _FALSE_WHEN_WANTED else MISMATCH


def integer(node: Node) -> object:
    """An integer of 64 bits. Of a float the whole part counts."""
    if _is_text(node):
        return MISMATCH
    if _says_null(node):
        return None
    value = node.value
    if value.isdigit() and (value[0] != "0" or value == "0") and value.isascii():
        number = int(value) if len(value) < 20 else INT64_MAX + 1
    else:
        read = _read_number(value.replace("_", ""))
        if read is None:
            return MISMATCH
        number = read
    return number if INT64_MIN <= number <= INT64_MAX else MISMATCH


def _read_number(text: str) -> int | None:
    found = _INTEGER.fullmatch(text)
    if found:
        sign, hexadecimal, binary, octal, decimal = found.groups()
        for digits, base in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)):
            if digits is not None and len(digits) <= 70:
                return int(sign + digits, base)
        return None
    if _FLOAT.fullmatch(text) and len(text) <= 400:
        number = float(text)
        return int(number) if abs(number) < 1e300 else None
    return None
