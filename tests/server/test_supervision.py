"""Sockets that a supervisor hands over, and what it is told, in processes and over sockets of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stoker.server.errors import AddressError
from stoker.server.supervision import inherited_socket, listen, notify

PROGRAM = """
import os, socket, sys
from stoker.server.errors import AddressError
from stoker.server.supervision import inherited_socket
os.dup2(int(sys.argv[1]), 3)
environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[2], "LISTEN_FDNAMES": "x"}
try:
    inherited = inherited_socket(environment)
    print(inherited.getsockname()[1], inherited.get_inheritable(), environment)
except AddressError as error:
    print(error)
"""


def adopt(descriptor: int, count: str = "1") -> str:
    command = [sys.executable, "-c", PROGRAM, str(descriptor), count]
    env = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    run = subprocess.run(command, pass_fds=[descriptor], env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_a_listening_socket_is_taken_over() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert adopt(listening.fileno()) == f"{listening.getsockname()[1]} False {{}}"


def test_what_cannot_be_served_is_refused() -> None:
    not_tcp = "the socket that was handed over is not one of TCP that listens; use `ListenStream=`"
    with listen("127.0.0.1", 0) as listening, socket.socket() as idle, socket.socket(socket.AF_UNIX) as local:
        assert adopt(idle.fileno()) == not_tcp
        assert adopt(local.fileno()) == not_tcp
        several = "2 sockets were handed over, where one is served; name one in the .socket unit"
        assert adopt(listening.fileno(), "2") == several
    with Path(os.devnull).open() as file:
        reason = "the socket that was handed over cannot be used: Socket operation on non-socket"
        assert adopt(file.fileno()) == reason


@pytest.mark.parametrize(
    "environment", [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"}]
)
def test_what_is_for_another_process_is_left(environment: dict[str, str]) -> None:
    assert inherited_socket(environment) is None


def test_an_address_that_is_taken_is_refused() -> None:
    with listen("127.0.0.1", 0) as listening, pytest.raises(AddressError, match="address already in use"):
        listen("127.0.0.1", listening.getsockname()[1])


@pytest.mark.parametrize("prefix", ["", "@"], ids=["a file", "an abstract name"])
def test_the_supervisor_is_told(prefix: str, tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}" if prefix else name)
        notify({"NOTIFY_SOCKET": prefix + name}, "READY=1", "STATUS=well")
        assert heard.recv(100) == b"READY=1\nSTATUS=well"


def test_a_supervisor_who_cannot_hear_stops_nothing(tmp_path: Path) -> None:
    notify({}, "READY=1")
    notify({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, "READY=1")
