r"""Go's literals: the text of a quoted string, a character or a number goes in, a Python value comes out.

Rules of strconv.Unquote, strconv.ParseInt with base 0 and strconv.ParseFloat. A string may hold bytes that are not
UTF-8 (`"\xff"`); they are kept as surrogate escapes and written back as they were.
"""

from __future__ import annotations

import math
import re
from typing import Final

ESCAPES: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
ESCAPE: Final = re.compile(
    r"""\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|[^\\]""", re.DOTALL
)
INTEGER: Final = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)"
)
HEX_FLOAT: Final = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F_]*\.?[0-9a-fA-F_]*)[pP][+-]?[0-9_]+")
DIGITS_OR_POINT: Final = "0123456789."
INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 63) - 1
UINT_MAX: Final = (1 << 64) - 1
MAX_RUNE: Final = 0x10FFFF


def to_text(data: bytes) -> str:
    """Bytes as text; what is not UTF-8 survives as surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Text as bytes, the inverse of `to_text`."""
    return text.encode("utf-8", "surrogateescape")


def unquote(literal: str) -> str:
    """The text of a Go string literal, interpreted or raw. Raises ValueError in Go's words."""
    inner = literal[1:-1]
    if literal[0] == "`":
        return inner.replace("\r", "")
    return inner if "\\" not in inner else to_text(b"".join(_characters(inner, quote='"')))


def unquote_character(literal: str) -> int:
    """The code point of a Go character literal. Raises ValueError in Go's words."""
    found = ESCAPE.match(literal, 1)
    if found is None or literal[1] == "'":
        raise ValueError("invalid syntax")
    if literal[found.end() :] != "'":
        raise ValueError(f"malformed character constant: {literal}")
    return _code_point(found, quote="'")


def _characters(inner: str, quote: str) -> list[bytes]:
    parts: list[bytes] = []
    position = 0
    while position < len(inner):
        found = ESCAPE.match(inner, position)
        if found is None:
            raise ValueError("invalid syntax")
        code = _code_point(found, quote)
        is_byte = found.group(2) is not None or found.group(3) is not None
        parts.append(bytes([code]) if is_byte else to_bytes(chr(code)))
        position = found.end()
    return parts


def _code_point(found: re.Match[str], quote: str) -> int:
    simple, hexadecimal, octal, short, long = found.groups()
    if simple is not None:
        if simple in "'\"" and simple != quote:
            raise ValueError("invalid syntax")
        return ESCAPES[simple]
    if hexadecimal is not None:
        return int(hexadecimal, 16)
    if octal is not None and int(octal, 8) < 256:
        return int(octal, 8)
    if short is not None or long is not None:
        code = int(short or long, 16)
        if code <= MAX_RUNE and not 0xD800 <= code < 0xE000:
            return code
        raise ValueError("invalid syntax")
    if octal is not None:
        raise ValueError("invalid syntax")
    return ord(found.group())


MAX_DIGITS: Final = 1000  # of an integer that is looked at; any that is in range is shorter


def parse_number(text: str) -> int | float | complex:
    """The value of a Go number; an integer beyond int64 but within uint64 is returned as it is.

    Raises ValueError in the words of text/template.
    """
    if text.endswith("i"):
        return _parse_complex(text)
    if len(text) <= MAX_DIGITS and INTEGER.fullmatch(text):
        integer = _parse_integer(text)
        if INT_MIN <= integer <= (INT_MAX if text[0] in "+-" else UINT_MAX):
            return integer
    real = _parse_float(text)
    if real is None:
        raise ValueError(f'illegal number syntax: "{text}"')
    if not any(letter in text for letter in ".eEpP"):
        raise ValueError(f'integer overflow: "{text}"')
    return real


def _parse_integer(text: str) -> int:
    digits = text.lstrip("+-").replace("_", "").lower()
    base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2], 8 if digits.startswith("0") else 10)
    value = int(digits[2:] if digits[:2] in ("0x", "0b", "0o") else digits, base)
    return -value if text.startswith("-") else value


def _parse_float(text: str) -> float | None:
    try:
        if HEX_FLOAT.fullmatch(text):
            return float.fromhex(text.replace("_", ""))
        value = float(text)
    except (ValueError, OverflowError):
        return None
    return None if math.isinf(value) else value


def _parse_complex(text: str) -> complex:
    try:
        if text[-2] in DIGITS_OR_POINT:
            return complex(text[:-1] + "j")
    except ValueError:
        pass
    raise ValueError(f'illegal number syntax: "{text}"')
