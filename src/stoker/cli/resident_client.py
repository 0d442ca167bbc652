"""Ask the resident process: a command line comes in, an exit code goes out, or None when nobody is there to ask.

What is sent are the three standard descriptors and, apart by NUL, the directory, the number of words, the words and
the environment; what comes back is the code in decimal. Imports next to nothing, since it is run for every stage.
"""

from __future__ import annotations

import os
from _socket import AF_UNIX, SCM_RIGHTS, SHUT_WR, SOCK_STREAM, SOL_SOCKET, socket
from array import array

LOST = 1  # the exit code when the resident process ended in the middle: what was done cannot be told, so it failed


def ask(path: str, words: list[str]) -> int | None:
    """Let the resident process run a command with our descriptors, directory and environment."""
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    request = os.fsencode("\0".join([os.getcwd(), str(len(words)), *words, *environment]))
    descriptors = array("i", [0, 1, 2])
    try:
        sent = connection.sendmsg([request], [(SOL_SOCKET, SCM_RIGHTS, descriptors)])
        connection.sendall(request[sent:])
        connection.shutdown(SHUT_WR)
        answer = connection.recv(16)
    except OSError:
        answer = b""
    finally:
        connection.close()
    return int(answer) if answer else LOST
