"""Plain data as YAML text, as the reference writes a MachineConfig.

In go dicts, lists, strings, numbers and booleans; out comes YAML with sorted keys, two spaces of indentation and
sequences indented under their key. Strings are quoted only where they would read as something else.
Source: YAML 1.1 and 1.2; the style of go-yaml v3's emitter.
"""

from __future__ import annotations

import re
from typing import Any, Final

# What a plain scalar would be resolved to something else than a string by (YAML 1.1 and 1.2 together).
_RESOLVES: Final = re.compile(
    r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF"
    r"|[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|[0-9][0-9_]*)"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?"
)
_INDICATORS: Final = frozenset("#,[]{}&*!|>'\"%@`")
# What go-yaml calls unprintable, tabs apart; breaks; what forbids a block: white space before a break or at the end.
_SPECIAL: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_BREAK: Final = re.compile("[\n\u2028\u2029]")
_NO_BLOCK: Final = re.compile(" (?:[\n\u2028\u2029]|\\Z)")
# What does not come back out of a block as go-yaml writes it.
_LOST: Final = re.compile("\\A[\n\t]|[\u2028\u2029]")
_KEY_LENGTH: Final = 128
_DOUBLE: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    "\x85": "\\N",
    "\xa0": "\\_",
    "\u2028": "\\L",
    "\u2029": "\\P",
}


class _Whole(str):
    """A text that is quoted where a block would lose a part of it."""

    __slots__ = ()


def write(data: dict[str, Any], *, as_reference: bool = False) -> str:
    """Write a mapping as a document, without a line end at its end; what go-yaml loses stays unless `as_reference`."""
    return "\n".join(_mapping(data if as_reference else _whole(data), 0))


def _whole(data: Any) -> Any:
    if isinstance(data, str):
        return _Whole(data)
    if isinstance(data, list):
        return [_whole(item) for item in data]
    return {key: _whole(value) for key, value in data.items()} if isinstance(data, dict) else data


def _mapping(data: dict[str, Any], depth: int) -> list[str]:
    lines: list[str] = []
    pad = "  " * depth
    for key in sorted(data, key=_natural):
        if "\n" in key or len(key.encode("utf-8", "replace")) > _KEY_LENGTH:
            lines += f"{pad}? {_string(key, depth + 1)}".split("\n")
            lines += _entry(f"{pad}:", data[key], depth)
        else:
            lines += _entry(f"{pad}{_string(key, 0)}:", data[key], depth)
    return lines


def _entry(head: str, value: Any, depth: int) -> list[str]:
    if isinstance(value, dict) and value:
        return [head, *_mapping(value, depth + 1)]
    if isinstance(value, list) and value:
        return [head, *(line for item in value for line in _item(item, depth + 1))]
    return [f"{head} {_scalar(value, depth + 1)}"]


def _item(value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, dict) and value:
        first, *rest = _mapping(value, depth + 1)
        return [f"{pad}- {first[len(pad) + 2 :]}", *rest]
    if isinstance(value, list) and value:
        first, *rest = [line for item in value for line in _item(item, depth + 1)]
        return [f"{pad}- {first[len(pad) + 2 :]}", *rest]
    return [f"{pad}- {_scalar(value, depth + 1)}"]


def _scalar(value: Any, depth: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value, depth)
    return "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else str(value)


def _string(text: str, depth: int) -> str:
    is_lost = isinstance(text, _Whole) and _LOST.search(text)
    if "\n" in text and not is_lost and not _SPECIAL.search(text) and not _NO_BLOCK.search(text):
        return _literal(text, depth)
    if text == "" or _RESOLVES.fullmatch(text):
        return f'"{text}"'
    if "\t" in text or _SPECIAL.search(text) or _BREAK.search(text):
        return _double(text)
    if _can_be_plain(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _can_be_plain(text: str) -> bool:
    if text[0] in _INDICATORS or text[0] == " " or text[-1] == " " or text[:3] in {"---", "..."}:
        return False
    if text[0] in "-?:" and (len(text) == 1 or text[1] == " "):
        return False
    return ": " not in text and " #" not in text and not text.endswith(":")


def _literal(text: str, depth: int) -> str:
    """A block. Its header says how far it is indented where its first line could mislead, and what ends it.

    go-yaml ends the header with the text's own first line end, so a text that begins with one loses it.
    """
    head = "|2" if text[0] in " \n" else "|"
    if not text.endswith("\n"):
        head += "-"
    elif text == "\n" or text.endswith("\n\n"):
        head += "+"
    pad = "  " * depth
    lines = text.removesuffix("\n").split("\n") if text != "\n" else []
    if text[0] == "\n" and lines:
        lines = lines[1:]
    return "\n".join([head, *(pad + line if line else "" for line in lines)])


def _double(text: str) -> str:
    return '"' + "".join(_DOUBLE.get(char) or _escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if not _SPECIAL.match(char):
        return char
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


_CHUNK: Final = re.compile(r"[0-9]+|[^0-9]")


def _natural(key: str) -> list[tuple[int, int, str]]:
    """Sort keys as go-yaml does: digits by value, letters after everything else."""
    return [
        (1, len(chunk.lstrip("0")), chunk.lstrip("0") + chunk)
        if chunk[0].isdigit()
        else (2 if chunk.isalpha() else 0, 0, chunk)
        for chunk in _CHUNK.findall(key)
    ]
