"""Hyper-V's key-value pairs: in go the pairs of pool 0, out comes the config that was cut to fit into them.

The host sends its pairs once a boot, so what was read is also laid into the new root, in the files that hv_kvp_daemon
would have written. Where the daemon has run already, it holds the channel, and its file is read. Record of a file: key
and value, NUL-padded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from stoker.platforms.machine import Answer, Machine, Read, Say, content_of, load_module
from stoker.system.guest import Pairs
from stoker.system.hyperv import KEY, VALUE

POOLS: Final = "/var/lib/hyperv/.kvp_pool_{pool}"
HOST_POOL: Final = 0

_SIGN: Final = "/sys/bus/vmbus/drivers/hv_utils"


class KeyValues(msgspec.Struct, frozen=True):
    """A key, or the keys `KEY.0`, `KEY.1`, ... whose values are joined, since a value holds about 1 KiB."""

    key: str

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        load_module(machine, "hv_utils", _SIGN, say)
        content = content_of(machine.system, POOLS.format(pool=HOST_POOL))
        if content is not None:
            return Answer(joined(self.key, pairs_of(content)), str(self))
        pools = machine.guest.pairs()
        files = {POOLS.format(pool=pool): records(pairs) for pool, pairs in pools.items()}
        return Answer(joined(self.key, pools.get(HOST_POOL, ())), str(self), files)

    def __str__(self) -> str:
        return f"key-value pair `{self.key}`, or `{self.key}.0` and on"


def joined(key: str, pairs: Pairs) -> bytes:
    """The value of a key, or those of its numbered parts up to the first gap. The first pair of a name counts."""
    values: Mapping[bytes, bytes] = dict(reversed(pairs))
    whole = values.get(key.encode(), b"")
    if whole:
        return whole
    parts: list[bytes] = []
    while (part := values.get(f"{key}.{len(parts)}".encode())) is not None:
        parts.append(part)
    return b"".join(parts)


def records(pairs: Pairs) -> bytes:
    """Pairs as the daemon writes them."""
    return b"".join(key.ljust(KEY, b"\0") + value.ljust(VALUE, b"\0") for key, value in pairs)


def pairs_of(content: bytes) -> Pairs:
    """The pairs of a daemon's file; a record that is cut short is not one."""
    size = KEY + VALUE
    starts = range(0, len(content) - size + 1, size)
    return [
        (content[start : start + KEY].partition(b"\0")[0], content[start + KEY : start + size].partition(b"\0")[0])
        for start in starts
    ]
