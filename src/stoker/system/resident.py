"""The resident process: commands come in over a socket, each is run in a fork, and its exit code goes back.

What is imported before is shared by all of them. A command has the descriptors, the directory, the environment and the
control group of the one who asked, so that logs, stopping and accounts go where they would have gone without us.
Sources: unix(7) SO_PEERCRED, SCM_RIGHTS; cgroups(7). `cli/resident_client.py` is the other end.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

REQUEST_LIMIT = 1 << 20  # bytes of words and environment
FAILED = 1
_PEER = struct.Struct("3i")  # struct ucred: process, user, group

Handle = Callable[[Sequence[str]], int]


def serve(path: str, handle: Handle) -> None:
    """Answer until the process is ended. Raises OSError when the socket cannot be made.

    Only root, or whoever runs this, is answered.
    """
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    with suppress(FileNotFoundError):
        os.unlink(path)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        before = os.umask(0o177)
        listener.bind(path)
        os.umask(before)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _answer(connection, handle)


def _answer(connection: socket.socket, handle: Handle) -> None:
    """Run one command in this fork and end with it."""
    code = FAILED
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        words = _receive(connection)
        code = handle(words)
    except SystemExit as end:  # argparse ends so after it has helped
        code = end.code if isinstance(end.code, int) else FAILED
    except BaseException:  # noqa: BLE001 -- whatever it is, it is told where the command's own words go
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(OSError):
            connection.sendall(str(int(code)).encode())
        os.kill(os.getpid(), signal.SIGKILL)  # nothing of the resident process is to be tidied up by a fork


def _receive(connection: socket.socket) -> list[str]:
    """Become what the request says, and return its words."""
    process, user, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    if user not in {0, os.geteuid()}:
        raise PermissionError(f"user {user} may not ask")
    _join_group(process)
    data, descriptors, _, _ = socket.recv_fds(connection, REQUEST_LIMIT, 3)
    while chunk := connection.recv(REQUEST_LIMIT):
        data += chunk
        if len(data) > REQUEST_LIMIT:
            raise ValueError(f"a request of more than {REQUEST_LIMIT} bytes")
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    directory, count, *rest = os.fsdecode(data).split("\0")
    os.chdir(directory)
    words, environment = rest[: int(count)], rest[int(count) :]
    os.environ.clear()
    os.environ.update(dict(pair.split("=", 1) for pair in environment))
    return words


def _join_group(process: int) -> None:
    """Join the control group of a process; without control groups, or the right to, stay."""
    with suppress(OSError, ValueError), open(f"/proc/{process}/cgroup", encoding="utf-8") as groups:
        own = next(line for line in groups if line.startswith("0::")).strip().removeprefix("0::")
        with open(f"/sys/fs/cgroup{own}/cgroup.procs", "w", encoding="ascii") as members:
            members.write(str(os.getpid()))
