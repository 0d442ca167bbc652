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
_SPECIAL: Final = re.compile("[^\n\x20-\x7e\x85\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_BREAK: Final = re.compile("[\n\x85\u2028\u2029]")
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


def write(data: dict[str, Any]) -> str:
    """Write a mapping as a document, without a line end at its end."""
    return "\n".join(_mapping(data, 0))


def _mapping(data: dict[str, Any], depth: int) -> list[str]:
    lines: list[str] = []
    pad = "  " * depth
    for key in sorted(data, key=_natural):
        lines += _entry(f"{pad}{_scalar(key, 0, is_key=True)}:", data[key], depth)
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


def _scalar(value: Any, depth: int, *, is_key: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value, depth, is_key=is_key)
    return {dict: "{}", list: "[]"}.get(type(value), str(value))


def _string(text: str, depth: int, *, is_key: bool) -> str:
    if _SPECIAL.search(text):
        return _double(text)
    if _BREAK.search(text):
        return _double(text) if is_key or not _can_be_literal(text) else _literal(text, depth)
    if text == "" or _RESOLVES.fullmatch(text):
        return f'"{text}"'
    if _can_be_plain(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _can_be_plain(text: str) -> bool:
    if text[0] in _INDICATORS or text[0] == " " or text[-1] == " " or text[:3] in {"---", "..."}:
        return False
    if text[0] in "-?:" and (len(text) == 1 or text[1] == " "):
        return False
    return ": " not in text and " #" not in text and not text.endswith(":")


def _can_be_literal(text: str) -> bool:
    """A block keeps every line as it is, but for spaces that its reader could not tell from indentation."""
    return not text[0].isspace() and " \n" not in text and "\n\u2028" not in text


def _literal(text: str, depth: int) -> str:
    stripped = text.rstrip("\n")
    ends = len(text) - len(stripped)
    chomp = "-" if ends == 0 else "" if ends == 1 else "+"
    pad = "  " * depth
    lines = text.split("\n")[:-1] if ends else text.split("\n")
    return "\n".join([f"|{chomp}", *(pad + line if line else "" for line in lines)])


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
        (1, int(chunk), chunk) if chunk[0].isdigit() else (2 if chunk.isalpha() else 0, 0, chunk)
        for chunk in _CHUNK.findall(key)
    ]
