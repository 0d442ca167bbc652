"""The resident process and who asks it: whose descriptors, directory and environment a command has, and how it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoker.cli.resident_client import LOST, ask

# Stands for the program: it says what it has, and ends as its words ask for.
SERVER = """
import os, sys
from stoker.system.resident import serve

def handle(words):
    if words[0] == "where":
        os.write(1, f"{os.getcwd()} {os.environ['GREETING']} {os.environ.get('PATH')}".encode())
    if words[0] == "die":
        os.kill(os.getpid(), 9)
    if words[0] == "exit":
        sys.exit(int(words[1]))
    if words[0] == "raise":
        raise ValueError(words[1])
    return 7

serve(sys.argv[1], handle)
"""
CLIENT = "import sys; from stoker.cli.resident_client import ask; print(ask(sys.argv[1], sys.argv[2:]), end='')"


@pytest.fixture(scope="module")
def resident(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("run") / "stoker/resident"
    with subprocess.Popen([sys.executable, "-c", SERVER, path]) as process:
        while not path.exists():
            assert process.poll() is None
            os.sched_yield()
        yield str(path)
        process.kill()


# words -> the code, what stdout and stderr have
ANSWERS = {
    "code": (["any"], 7, "", ""),
    "descriptors, directory, environment": (["where"], 7, "/ hello None", ""),
    "an end by SystemExit": (["exit", "3"], 3, "", ""),
    "an exception": (["raise", "what"], 1, "", "ValueError: what\n"),
    "words with spaces and nothing": (["", "a b", "ü"], 7, "", ""),
    "killed": (["die"], LOST, "", ""),
}


@pytest.mark.parametrize(("words", "code", "out", "err"), ANSWERS.values(), ids=ANSWERS)
def test_answers(resident: str, words: list[str], code: int, out: str, err: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, resident, *words],
        cwd="/",
        env={"GREETING": "hello"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr.splitlines(keepends=True)[-1:]) == (f"{out}{code}", [err] if err else [])


def test_only_its_user_may_knock(resident: str) -> None:
    assert Path(resident).stat().st_mode & 0o777 == 0o600


def test_nobody_there(tmp_path: Path) -> None:
    assert ask(str(tmp_path / "none"), ["words"]) is None


def test_a_socket_that_somebody_left(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    assert ask(str(tmp_path / "left"), ["words"]) is None


def let_down(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.close()


def test_gone_before_the_answer(tmp_path: Path) -> None:
    """It may have done half of it: that is a failure, and not done again."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        thread = threading.Thread(target=let_down, args=(listener,))
        thread.start()
        assert ask(str(tmp_path / "socket"), ["words"]) == LOST
        thread.join()


def test_too_much_is_not_read(resident: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(resident)
        try:
            client.sendall(b"x" * (3 << 20))
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        assert client.recv(1) in {b"", b"1"}
