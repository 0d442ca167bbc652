"""Channels to a host: the conversation with Hyper-V's driver, the layouts of VirtualBox's, a missing stream."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pytest

from stoker.system import FileFault, hyperv, vboxguest
from stoker.system.guest import RealGuest

MESSAGE = 7432  # sizeof(struct hv_kvp_msg), by a C compiler


def kvp(operation: int, pool: int = 0, key: bytes = b"", value: bytes = b"") -> bytes:
    """A message as hv_utils writes it: the sizes count a NUL."""
    body = struct.pack("=III512s2048s", 1, len(key) + 1, len(value) + 1, key, value)
    return (struct.pack("=BBH", operation, pool, 0) + body).ljust(MESSAGE, b"\0")


def converse(messages: list[bytes]) -> tuple[dict[int, list[tuple[bytes, bytes]]], list[int]]:
    """Play the driver over a socket that keeps messages whole: what is read, and how each message was answered."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    answers: list[int] = []

    def drive() -> None:
        first = theirs.recv(MESSAGE * 2)
        answers.append(first[0] if len(first) == MESSAGE else -1)
        theirs.send(kvp(100))
        for message in messages:
            theirs.send(message)
            reply = theirs.recv(MESSAGE * 2)
            answers.append(struct.unpack_from("=I", reply)[0] if len(reply) == MESSAGE else -1)

    with ours, theirs:
        thread = threading.Thread(target=drive)
        thread.start()
        pools = hyperv.exchange(ours.fileno())
        thread.join()
    return {pool: list(pairs) for pool, pairs in pools.items()}, answers


def test_pairs_are_taken_until_there_is_silence() -> None:
    messages = [kvp(1, 0, b"ignition.config", b"{}"), kvp(3), kvp(1, 2, b"a", b""), kvp(1, 0, b"b", b"c" * 2047)]
    pools, answers = converse(messages)
    assert pools == {0: [(b"ignition.config", b"{}"), (b"b", b"c" * 2047)], 1: [], 2: [(b"a", b"")], 3: [], 4: []}
    assert answers == [100, 0, 0x80004005, 0, 0]


def test_a_driver_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match=r"cannot read key-value pairs from `.*hv_kvp`: no such file or directory"):
        hyperv.read_pairs(str(tmp_path / "hv_kvp"))


def test_a_message_that_is_cut_short() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        theirs.send(b"short")
        with pytest.raises(FileFault, match="a message of 5 bytes, not 7432"):
            hyperv.exchange(ours.fileno())


# ioctl(2) numbers as a C compiler gives them for linux/vboxguest.h.
@pytest.mark.parametrize(
    ("number", "size", "expected"),
    [(0, 44, 0xC02C5600), (4, 156, 0xC09C5604), (5, 28, 0xC01C5605), (7, 100, 0xC0645607)],
    ids=["version", "connect", "disconnect", "call"],
)
def test_the_numbers_of_virtualboxs_driver(number: int, size: int, expected: int) -> None:
    assert vboxguest.number_of(number, size) == expected


def test_the_header_of_a_request_to_virtualboxs_driver() -> None:
    assert vboxguest.request(40, 44) == struct.pack("=6I", 40, 0x10001, 0, 0, 44, 0)


@pytest.mark.skipif(Path("/dev/vboxguest").exists(), reason="this is a VirtualBox machine")
def test_a_guest_property_elsewhere() -> None:
    with pytest.raises(FileFault, match="cannot ask for the guest property `/Ignition/Config`: no such file"):
        RealGuest().property("/Ignition/Config")
    with pytest.raises(FileFault, match="no such file"):
        RealGuest().remove_property("/Ignition/Config")


@pytest.mark.skipif(Path("/dev/vsock").exists(), reason="this machine has a vsock")
def test_a_stream_to_a_host_elsewhere() -> None:
    with pytest.raises(FileFault, match="cannot connect to `vsock:2:1024`"):
        RealGuest().connected(1024)
