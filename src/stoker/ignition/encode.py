"""Configs as JSON text, byte for byte as Go's encoder writes them.

In goes a Config; out comes JSON on one line, or indented by two spaces. Absent things are left out.
Source: encoding/json of Go: `<`, `>`, `&` and the line separators U+2028 and U+2029 are escaped.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from stoker.schema.v3 import Config

_ENCODER: Final = msgspec.json.Encoder()
_ESCAPE: Final = re.compile(rb"\\.")
_ESCAPES: Final = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)
_LONE: Final = re.compile("[\ud800-\udfff]")
_LONG: Final = {b"\\b": b"\\u0008", b"\\f": b"\\u000c"}


def encode(config: Config | Any, *, pretty: bool = False) -> bytes:
    """Write a config (or plain data) as JSON."""
    try:
        text = _ENCODER.encode(config)
    except UnicodeEncodeError:
        text = _ENCODER.encode(_whole(msgspec.to_builtins(config)))
    if pretty:
        text = msgspec.json.format(text, indent=2)
    for raw, escaped in _ESCAPES:
        if raw in text:
            text = text.replace(raw, escaped)
    if b"\\b" in text or b"\\f" in text:
        text = _ESCAPE.sub(lambda found: _LONG.get(found[0], found[0]), text)
    return text


def _whole(data: Any) -> Any:
    """Plain data with every byte that is not UTF-8 read as U+FFFD."""
    if isinstance(data, str):
        return _LONE.sub("\ufffd", data)
    if isinstance(data, list):
        return [_whole(item) for item in data]
    if isinstance(data, dict):
        return {key: _whole(value) for key, value in data.items()}
    return data
