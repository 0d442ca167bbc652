"""What a scalar means to the tools of Container Linux: the reading of go-yaml before its version 3.

In goes a scalar node and the wanted type; out comes the value, None where the text says nothing, or `MISMATCH`. Beside
`scalars.py` the differences are: `null` and an empty plain scalar say nothing, but `~`, `Null` and `NULL` say the zero
of whatever is wanted; numbers are those of YAML 1.1, a leading zero that is no octal number reads as a decimal one,
and of a float the whole part counts; words for booleans count only where they are not quoted.
Source: go-yaml v2 `resolve.go` and `decode.go`, in the copy that ct 0.9.0 was built with.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from stoker.document.nodes import BINARY, BOOLEAN, FLOAT, INTEGER, NULL, SCALAR, STRING, Node
from stoker.document.scalars import INT64_MAX, INT64_MIN, MISMATCH

_ZEROS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE: Final = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_KNOWN_TAGS: Final = frozenset({STRING, NULL, BOOLEAN, INTEGER, FLOAT, BINARY})
_PROMISES: Final = frozenset({BOOLEAN, INTEGER, FLOAT})

_INTEGER: Final = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT: Final = re.compile(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+][0-9]+)?")
_POINT_FLOAT: Final = re.compile(r"\.[0-9]+(?:[eE][-+]?[0-9]+)?")
_LONGEST: Final = 400


def says_nothing(node: Node) -> bool:
    """Whether the node is as if it were not there. The word `null` is even where it is quoted."""
    if node.kind != SCALAR:
        return False
    return node.tag == NULL or (node.tag is None and (node.value == "null" or (not node.value and not node.style)))


def says_zero(node: Node) -> bool:
    """Whether the node says the zero of whatever is wanted."""
    return node.kind == SCALAR and not _is_text(node) and node.value in _ZEROS


def _is_text(node: Node) -> bool:
    return node.tag == STRING or (bool(node.style) and node.tag is None) or (node.tag or STRING) not in _KNOWN_TAGS


def _contradicts(node: Node) -> bool:
    """Whether a tag calls the text a number or a boolean that it is not."""
    if node.tag not in _PROMISES:
        return False
    text = node.value
    if text in _TRUE or text in _FALSE:
        return node.tag != BOOLEAN
    number = _number(text)
    if number is None:
        return node.tag != FLOAT or text.lower().lstrip("+-") not in {".inf", ".nan"}
    is_integer = _INTEGER.fullmatch(text.replace("_", "")) is not None
    return node.tag != (INTEGER if is_integer else FLOAT)


def string(node: Node) -> object:
    """A string: the raw text of any scalar, decoded when it is tagged as binary."""
    if says_nothing(node):
        return None
    if _contradicts(node):
        return MISMATCH
    if node.tag == BINARY:
        try:
            return base64.b64decode("".join(node.value.split()), validate=True).decode("utf-8", "surrogateescape")
        except (binascii.Error, ValueError):
            return MISMATCH
    return "" if says_zero(node) else node.value


def boolean(node: Node) -> object:
    """A boolean."""
    if says_nothing(node):
        return None
    if _is_text(node) or _contradicts(node):
        return MISMATCH
    if node.value in _TRUE:
        return True
    return False if node.value in _FALSE or node.value in _ZEROS else MISMATCH


def integer(node: Node) -> object:
    """An integer of 64 bits."""
    if says_nothing(node):
        return None
    if _is_text(node) or _contradicts(node):
        return MISMATCH
    number = 0 if node.value in _ZEROS else _number(node.value)
    return number if number is not None and INT64_MIN <= number <= INT64_MAX else MISMATCH


def unsigned(node: Node) -> object:
    """An integer that is not negative."""
    number = integer(node)
    return MISMATCH if isinstance(number, int) and number < 0 else number


def _number(text: str) -> int | None:
    if not text or len(text) > _LONGEST or text[0] not in "+-.0123456789":
        return None
    plain = text if text[0] == "." else text.replace("_", "")
    found = _INTEGER.fullmatch(plain)
    if found:
        sign, hexadecimal, binary, octal, decimal = found.groups()
        for digits, radix in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)):
            if digits is not None:
                return int(sign + digits, radix)
    pattern = _POINT_FLOAT if text[0] == "." else _FLOAT
    if not pattern.fullmatch(plain):
        return None
    number = float(plain)
    return int(number) if abs(number) < 1e19 else None
