"""Hyper-V's key-value pairs, straight from the kernel: in goes the device, out come the pairs of each pool.

The module hv_utils keeps what the host sent until a daemon registers, and then hands it over message by message. Layout
of a message: struct hv_kvp_msg in linux/hyperv.h, 7432 bytes; every one is answered in the same form.
"""

from __future__ import annotations

import os
import select
import struct
from typing import Final

from stoker.system.errors import FileFault
from stoker.system.guest import Pairs

DEVICE: Final = "/dev/vmbus/hv_kvp"
KEY: Final = 512
VALUE: Final = 2048
MESSAGE: Final = 7432

_POOLS: Final = 5
_MOST: Final = 100_000  # messages; a host that never ends is not waited for
_QUIET: Final = 1000  # milliseconds without a message: that was all
_REGISTER: Final = 100  # KVP_OP_REGISTER1
_SET: Final = 1  # KVP_OP_SET
_DONE: Final = 0  # HV_S_OK
_FAIL: Final = 0x80004005  # HV_E_FAIL
_HEADER: Final = struct.Struct("=BBH")  # operation, pool, padding
_PAIR: Final = struct.Struct(f"=III{KEY}s{VALUE}s")  # type, key size, value size, key, value


def read_pairs(device: str) -> dict[int, Pairs]:
    """Register as the daemon would and take what the host has sent. Raises `FileFault`."""
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return exchange(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise FileFault.of("read key-value pairs from", device, error) from error


def exchange(descriptor: int) -> dict[int, Pairs]:
    """The daemon's side of the conversation, until nothing has been said for a second. Raises OSError, `FileFault`."""
    pools: dict[int, list[tuple[bytes, bytes]]] = {pool: [] for pool in range(_POOLS)}
    os.write(descriptor, _HEADER.pack(_REGISTER, 0, 0).ljust(MESSAGE, b"\0"))
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    for _ in range(_MOST):
        if not poll.poll(_QUIET):
            break
        message = os.read(descriptor, MESSAGE)
        if len(message) < MESSAGE:
            raise FileFault("read key-value pairs from", DEVICE, f"a message of {len(message)} bytes, not {MESSAGE}")
        operation, pool, _ = _HEADER.unpack_from(message)
        if operation == _REGISTER:
            continue  # the kernel's answer: its version
        if operation == _SET:
            pools.setdefault(pool, []).append(pair(message[_HEADER.size :]))
        os.write(descriptor, struct.pack("=I", _DONE if operation == _SET else _FAIL).ljust(MESSAGE, b"\0"))
    return dict(pools)


def pair(body: bytes) -> tuple[bytes, bytes]:
    """Key and value of a KVP_OP_SET, whose sizes count a closing NUL."""
    _, key_size, value_size, key, value = _PAIR.unpack_from(body)
    return key[: max(key_size, 1) - 1], value[: max(value_size, 1) - 1]
