"""What goes to the system's log and to the journal, as sockets on the other end get it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import pytest

from stoker.system.log_sockets import Journal, Syslog


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "log"))
        found.settimeout(10)
        yield found


def test_a_line_of_the_system_log(listener: socket.socket, tmp_path: Path) -> None:
    with closing(Syslog("ignition", str(tmp_path / "log"))) as log:
        log.send(6, "files passed é")
    head, _, text = listener.recv(4096).decode().partition(f" ignition[{os.getpid()}]: ")
    assert (head[:4], text) == ("<14>", "files passed é")


def test_without_a_system_log(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Syslog("ignition", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("message", "fields", "expected"),
    [
        ("one", {}, b"MESSAGE=one\nPRIORITY=6\n"),
        ("one", {"MESSAGE_ID": "1"}, b"MESSAGE=one\nPRIORITY=6\nMESSAGE_ID=1\n"),
        ("a\nb", {}, b"MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nPRIORITY=6\n"),
    ],
    ids=["plain", "with a field", "of two lines"],
)
def test_an_entry_of_the_journal(
    message: str, fields: dict[str, str], expected: bytes, listener: socket.socket, tmp_path: Path
) -> None:
    with closing(Journal(str(tmp_path / "log"))) as journal:
        journal.send(message, 6, fields)
    assert listener.recv(4096) == expected


MANY = 1000  # lines: more than the kernel keeps for a reader (unix(7), max_dgram_qlen)


def test_a_reader_that_is_behind_gets_every_line(listener: socket.socket, tmp_path: Path) -> None:
    """A large config logs faster than a journal reads; the line that says why the boot failed comes last."""
    lines: list[bytes] = []
    reader = Thread(target=lambda: lines.extend(listener.recv(4096) for _ in range(MANY)))
    with closing(Syslog("ignition", str(tmp_path / "log"), patience=60)) as log:
        log.send(6, "0")
        reader.start()
        for number in range(1, MANY):
            log.send(6, str(number))
        reader.join()
    assert [int(line.rpartition(b" ")[2]) for line in lines] == [*range(MANY)]


def test_one_that_does_not_read_is_waited_for_once(listener: socket.socket, tmp_path: Path) -> None:
    with closing(Syslog("ignition", str(tmp_path / "log"), patience=0.01)) as log:
        for number in range(MANY):
            log.send(6, str(number))
    listener.setblocking(False)
    kept = 0
    with suppress(BlockingIOError):
        while listener.recv(4096):
            kept += 1
    assert 0 < kept < MANY


def test_without_a_journal_nothing_happens(tmp_path: Path) -> None:
    with closing(Journal(str(tmp_path / "none"))) as journal:
        journal.send("one", 6, {})


def test_a_log_that_has_gone_loses_what_it_is_told(listener: socket.socket, tmp_path: Path) -> None:
    place = str(tmp_path / "log")
    with closing(Syslog("ignition", place)) as log, closing(Journal(place)) as journal:
        listener.close()
        log.send(6, "one")
        journal.send("one", 6, {})
