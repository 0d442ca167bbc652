"""What a service owes its supervisor: the sockets that it hands over come in, word of how it goes goes out.

Sources: sd_listen_fds(3) and sd_notify(3) of systemd. Nothing of systemd's is needed for either.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import closing
from typing import Final

from stoker.server.errors import AddressError

FIRST_DESCRIPTOR: Final = 3
BACKLOG: Final = 1024

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def inherited_socket(environment: MutableMapping[str, str]) -> socket.socket | None:
    """The listening socket that the supervisor opened for this process, if it did; it is asked for once.

    Raises AddressError if what it handed over is not one stream socket that listens.
    """
    process, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if process != str(os.getpid()) or count in {"", "0"}:
        return None
    if count != "1":
        raise AddressError(f"{count} sockets were handed over, where one is served; name one in the .socket unit")
    try:
        inherited = socket.socket(fileno=FIRST_DESCRIPTOR)
        is_listening = inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    except OSError as error:
        raise AddressError(f"the socket that was handed over cannot be used: {error.strerror}") from error
    if inherited.family not in {socket.AF_INET, socket.AF_INET6} or not is_listening:
        inherited.detach()
        raise AddressError("the socket that was handed over is not one of TCP that listens; use `ListenStream=`")
    inherited.set_inheritable(False)
    return inherited


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises AddressError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise AddressError(
            f"cannot listen on `{host}:{port}`: {reason.lower()}; name another address or free this one"
        ) from error
    return listening


def notify(environment: MutableMapping[str, str], *states: str) -> None:
    """Tell the supervisor, if there is one that wants to know; that it cannot hear is no reason to stop."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    place = "\0" + address[1:] if address.startswith("@") else address
    try:
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)) as sender:
            sender.connect(place)
            sender.sendall("\n".join(states).encode())
    except OSError:
        return
