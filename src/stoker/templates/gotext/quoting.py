"""Text goes in, text quoted for Go, HTML, JavaScript or a URL comes out.

Rules of strconv.Quote and of HTMLEscaper, JSEscaper and URLQueryEscaper in text/template/funcs.go (Go 1.27).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote_plus

from stoker.templates.gotext.literals import to_bytes

NAMED: Final = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}
HTML: Final = str.maketrans(
    {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\N{REPLACEMENT CHARACTER}"}
)
JS: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
BYTE_ESCAPES: Final = range(0xDC80, 0xDD00)


def quote(text: str, *, is_ascii: bool = False) -> str:
    """`%q`: a double-quoted Go string."""
    return '"' + "".join(_escape(letter, '"', is_ascii) for letter in text) + '"'


def quote_rune(letter: str, *, is_ascii: bool = False) -> str:
    """`%q` of a number: a single-quoted Go character."""
    return "'" + _escape(letter, "'", is_ascii) + "'"


def _escape(letter: str, mark: str, is_ascii: bool) -> str:
    code = ord(letter)
    if letter == mark:
        return "\\" + mark
    if code in NAMED:
        return NAMED[code]
    if letter.isprintable() and (code < 0x80 or not is_ascii):
        return letter
    if code in BYTE_ESCAPES:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def can_backquote(text: str) -> bool:
    """Whether the text can stand unchanged between back quotes: strconv.CanBackquote."""
    return not any(
        letter in "`\x7f\ufeff" or (letter < " " and letter != "\t") or ord(letter) in BYTE_ESCAPES for letter in text
    )


def escape_html(text: str) -> str:
    """`html`."""
    return text.translate(HTML)


def escape_js(text: str) -> str:
    """`js`."""
    return "".join(map(_escape_js, text))


def _escape_js(letter: str) -> str:
    if letter in JS:
        return JS[letter]
    if letter < " " or not (letter.isascii() or letter.isprintable()):
        code = ord(letter)
        return "\\uFFFD" if code in BYTE_ESCAPES else f"\\u{code:04X}"
    return letter


def escape_query(text: str) -> str:
    """`urlquery`."""
    return quote_plus(to_bytes(text))
