"""Where the log of a stage goes: what is on stdout, and what a system's log gets."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from stoker.cli.stage_logs import NAMES, open_log
from stoker.report import Level

Capture = pytest.CaptureFixture[str]


def test_lines_begin_with_their_level(capfd: Capture, tmp_path: Path) -> None:
    log = open_log(to_stdout=True, path=str(tmp_path / "none"))
    for level in Level:
        log.at(level, "text")
    assert capfd.readouterr().out.splitlines() == [
        "EMERGENCY: text",
        "ALERT    : text",
        "CRITICAL : text",
        "ERROR    : text",
        "WARNING  : text",
        "NOTICE   : text",
        "INFO     : text",
        "DEBUG    : text",
    ]
    assert set(NAMES) == set(Level)


def test_without_a_system_log_stdout_has_it(capfd: Capture, tmp_path: Path) -> None:
    log = open_log(to_stdout=False, path=str(tmp_path / "none"))
    log("text")
    assert capfd.readouterr().out == "ERROR    : unable to open syslog: ENOENT\nINFO     : text\n"


def test_a_system_log_has_it_alone(capfd: Capture, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "log"))
        listener.settimeout(10)
        log = open_log(to_stdout=False, path=str(tmp_path / "log"))
        log.at(Level.WARNING, "text")
        assert listener.recv(4096).decode().endswith(f"ignition[{os.getpid()}]: text")
        log.close()
    assert capfd.readouterr().out == ""
