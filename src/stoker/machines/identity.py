"""Labels go in, the names a machine may be known by come out.

A machine is its UUID, unless that is one of those that makers leave in place of a real one; else its boot address.
The list of bad ones is from what firmware is known to report (SMBIOS 3.7, section 7.2.1 for the first two).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stoker.machines.addresses import is_mac_key, parse_mac

UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BAD_UUIDS: Final = frozenset(
    (
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "12345678-1234-1234-1234-123456789abc",
        "11111111-1111-1111-1111-111111111111",
        "fefefefe-fefe-fefe-fefe-fefefefefefe",
    )
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a machine says of itself; each is empty if it says nothing that can be trusted.

    `mac` is the address it boots from, `others` are those that its inventory adds.
    """

    uuid: str = ""
    mac: str = ""
    others: tuple[str, ...] = ()

    @property
    def macs(self) -> tuple[str, ...]:
        """All addresses, each once, the one it boots from first."""
        return tuple(dict.fromkeys(mac for mac in (self.mac, *self.others) if mac))


def identify(labels: Mapping[str, str]) -> Identity:
    """Read the identity in some labels."""
    given = {key.lower(): value for key, value in labels.items()}
    mac = next((parse_mac(value) for key, value in labels.items() if is_mac_key(key)), None)
    return Identity(parse_uuid(given.get("uuid", "")), mac or "")


def parse_uuid(text: str) -> str:
    """A UUID in lower case, or nothing if it is none or a bad one."""
    uuid = text.strip().lower()
    return uuid if UUID.fullmatch(uuid) and uuid not in BAD_UUIDS else ""


def parse_name(text: str) -> Identity:
    """What a name in a URL stands for: a UUID, or an address in any of its forms."""
    return Identity(parse_uuid(text), parse_mac(text) or "")
