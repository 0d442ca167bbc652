"""Texts as Go's standard library writes them, for the commands whose originals are Go programs.

In come strings and faults; out come the words that scripts match: quoted strings, system errors, and what Printf
makes of a text it was handed as its format.
"""

from __future__ import annotations

import os
import re
from typing import Final

_ESCAPES: Final = dict(zip("\a\b\f\n\r\t\v\\", ("\\a", "\\b", "\\f", "\\n", "\\r", "\\t", "\\v", "\\\\"), strict=True))

# Flags, width and precision with argument indexes, then the verb; as fmt/print.go (doPrintf) takes a directive apart.
_INDEX: Final = r"(?:\[(?:[^\]]*\])?)?"
_DIRECTIVE: Final = re.compile(
    rf"%[#0+\- ]*(?P<i>{_INDEX})(?P<width>\*|\d*)(?:\.(?P<j>{_INDEX})(?P<precision>\*|\d*))?"
    rf"(?P<k>{_INDEX})(?P<verb>.)?",
    re.DOTALL,
)


def quote(text: str, mark: str = '"') -> str:
    """`text` between marks with everything escaped that does not print, as strconv.Quote and QuoteRune do."""
    return mark + "".join(_escape(character, mark) for character in text) + mark


def _escape(character: str, mark: str) -> str:
    if character == mark:
        return f"\\{mark}"
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python carries it in a string
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def system_error(error: OSError) -> str:
    """What the system said, in Go's spelling of it: `no such file or directory`."""
    words = os.strerror(error.errno or 0)
    return words if words[1:2].isupper() else words[0].lower() + words[1:]


def printf_without_arguments(text: str) -> str:
    """What Printf writes when `text` is its format and there are no arguments: `%` asks for what is missing."""
    return _DIRECTIVE.sub(_missing, text)


def _missing(directive: re.Match[str]) -> str:
    verb = directive["verb"]
    faults = "%!(BADWIDTH)" * (directive["width"] == "*") + "%!(BADPREC)" * (directive["precision"] == "*")
    if verb is None:
        return f"{faults}%!(NOVERB)"
    if verb == "%":
        return f"{faults}%"
    is_indexed = directive["i"] or directive["j"] or directive["k"]
    return f"{faults}%!{verb}({'BADINDEX' if is_indexed else 'MISSING'})"
