"""Labels as a machine sends them go in, labels as they are compared come out; hardware addresses in one form.

The forms of an address are those of Go's net.ParseMAC (Go 1.27), as Matchbox reads them: 6, 8 or 20 bytes as
`aa:bb:..`, `aa-bb-..`, `aabb.ccdd...` or without any mark.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Final

LENGTHS: Final = (6, 8, 20)
LONGEST: Final = 3 * 20 - 1  # characters
FORMS: Final = re.compile(
    r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2})+|[0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2})+"
    r"|[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4})+|[0-9a-fA-F]+"
)


def parse_mac(text: str) -> str | None:
    """A hardware address in lower case with colons, or None if it is not one."""
    return _parse(text) if len(text) <= LONGEST else None


@functools.lru_cache(maxsize=8192)
def _parse(text: str) -> str | None:
    """The same for what is no longer than an address: machines ask with the same one again and again."""
    if not FORMS.fullmatch(text):
        return None
    digits = re.sub(r"[:.-]", "", text).lower()
    if len(digits) % 2 or len(digits) // 2 not in LENGTHS:
        return None
    return ":".join(digits[start : start + 2] for start in range(0, len(digits), 2))


def is_mac_key(key: str) -> bool:
    """Whether a label or a selector of this name holds a hardware address."""
    return key.lower() == "mac"


def normalise_labels(values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The first value of each key; an address is put in one form, or left out if it is not one.

    Keys keep their case and other values are compared byte for byte, as in Matchbox.
    """
    labels: dict[str, str] = {}
    for key, given in values.items():
        value = parse_mac(given[0]) if is_mac_key(key) else given[0]
        if value is not None:
            labels[key] = value
    return labels
