"""A Group or a Profile goes in, its JSON file comes out, byte for byte as Matchbox writes it.

That is what json.Marshal and json.MarshalIndent of Go 1.27 make of it: members in the order of Matchbox's structs,
without those that are empty; keys of maps sorted; tabs, and no newline at the end; every number a 64-bit float; `<`,
`>`, `&` and the line separators U+2028 and U+2029 escaped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from stoker.machines.documents import Boot, Group, Profile

ENCODER: Final = msgspec.json.Encoder()
INDENT: Final = re.compile(rb"^ +", re.MULTILINE)
LONE: Final = re.compile("[\ud800-\udfff]")
ESCAPES: Final = {
    b"<": b"\\u003c",
    b">": b"\\u003e",
    b"&": b"\\u0026",
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}
ESCAPED: Final = re.compile(b"|".join(map(re.escape, ESCAPES)))


def write_group(group: Group) -> bytes:
    """The file of a group. Raises RecursionError if its metadata is nested too deeply."""
    return _indent(
        {
            "id": group.id,
            "name": group.name,
            "profile": group.profile,
            "selector": _plain(group.selector),
            "metadata": _plain(group.metadata),
        }
    )


def write_profile(profile: Profile) -> bytes:
    """The file of a profile; a boot of nothing is still there, as `{}`."""
    return _indent(
        {
            "id": profile.id,
            "name": profile.name,
            "ignition_id": profile.ignition_id,
            "cloud_id": profile.cloud_id,
            "boot": None if profile.boot is None else _boot(profile.boot),
            "generic_id": profile.generic_id,
        },
        kept="boot",
    )


def write_metadata(metadata: Mapping[str, Any]) -> bytes:
    """The metadata of a group on one line. Raises RecursionError if it is nested too deeply."""
    return _encode(_plain(metadata))


def _boot(boot: Boot) -> dict[str, Any]:
    members = {"kernel": boot.kernel, "initrd": boot.initrd, "args": boot.args}
    return {key: value for key, value in members.items() if value}


def _indent(members: Mapping[str, Any], kept: str = "") -> bytes:
    given = {key: value for key, value in members.items() if value or (key == kept and value is not None)}
    text = msgspec.json.format(_encode(given), indent=1)
    return INDENT.sub(lambda spaces: b"\t" * len(spaces[0]), text)


def _encode(value: Any) -> bytes:
    return ESCAPED.sub(lambda found: ESCAPES[found[0]], ENCODER.encode(value))


def _plain(value: Any) -> Any:
    """Data for the encoder: objects sorted by key, the digits of numbers chosen, halves of surrogate pairs replaced."""
    if isinstance(value, float):
        return msgspec.Raw(format_number(value).encode())
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, Mapping):
        return {whole(key): _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def whole(text: str) -> str:
    """A text with U+FFFD for each half of a surrogate pair, of which UTF-8 has none."""
    return LONE.sub("\ufffd", text)


def format_number(value: float) -> str:
    """The shortest digits that read back as this finite number, with an exponent below 1e-6 and from 1e21 on.

    Source: floatEncoder of encoding/json, which follows ECMAScript save for `-0`.
    """
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits = repr(value)
    if not 1e-6 <= abs(value) < 1e21:
        return digits.replace(".0e", "e").replace("e-0", "e-")
    plain = format(Decimal(digits), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
