"""What this room is given: a machine to look at, and a way to ask metadata services; and what it gives back.

`Machine` bundles the doors of `system/` that a platform may use. `Read` is the one way onto the network: this room says
by a `Request` what it wants, and leaves connections, retries, time-outs and proxies to whoever answers it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from stoker.system import RealSystem, System
from stoker.system.drives import BY_LABEL, Drives, Files, RealDrives
from stoker.system.guest import Guest, RealGuest

LARGEST: Final = 64 << 20  # bytes of a config, before and after it is decoded

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

Say = Callable[[str], None]
Watch = Callable[[Sequence[str]], None]


class Request(NamedTuple):
    """One question to a service.

    A `Read` tries again as it does for any URL (transport errors, statuses from 500), and also on the statuses
    `retried`; unless it is not `patient`: then it tries once. `low_port` asks for a source port below 1024. `limit` are
    bytes of the answer's body; the request's own `body` goes with a POST.
    """

    url: str
    headers: Mapping[str, str] = _NOTHING
    method: str = "GET"
    retried: tuple[int, ...] = ()
    patient: bool = True
    low_port: bool = False
    limit: int = LARGEST
    body: bytes = b""

    def __repr__(self) -> str:
        """Nothing of it that could be a secret: no headers, no path, no query."""
        return f"Request({self.method} {self.url.partition(':')[0]}:...)"


class Read(Protocol):
    """Ask a service: status and body, also of statuses that are no success.

    Raises `Unreachable` when nobody answers, `NeedsNetwork` when it may not use the network yet, `Damaged` when the
    body is larger than the request's limit. Schemes other than http(s), which a person may name on the kernel command
    line, give 200 or 404.
    """

    def __call__(self, request: Request, /) -> tuple[int, bytes]:
        """Ask once, or as often as the request's patience says."""


class Machine(NamedTuple):
    """The machine that looks for its config: its files and commands, its drives, its host.

    `directory` is the one that a relative file name starts from; `wait` lets so many seconds pass.
    """

    system: System
    drives: Drives
    guest: Guest
    wait: Callable[[float], None]
    architecture: str
    environment: Mapping[str, str] = _NOTHING
    directory: str = "/"


def this_machine(tools: Mapping[str, str] = _NOTHING, watch: Watch = lambda _arguments: None) -> Machine:
    """The machine that this process runs on; `tools` and `watch` are those of `RealSystem`."""
    system = RealSystem(Path("/"), tools=tools, watch=watch)
    by_label = os.environ.get("IGNITION_DISK_BY_LABEL_DIR") or BY_LABEL
    return Machine(
        system,
        RealDrives(system, by_label),
        RealGuest(),
        time.sleep,
        os.uname().machine,
        os.environ,
        directory=os.getcwd(),
    )


class Answer(NamedTuple):
    """What a source says: a config (empty: there is none), and the place in words. `files` are for the new root."""

    content: bytes
    where: str
    files: Mapping[str, bytes] = MappingProxyType({})

    def __repr__(self) -> str:
        """Nothing of it that could be a secret."""
        return f"Answer({len(self.content)} bytes, {self.where})"


class Source(Protocol):
    """A place where a config may be."""

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """Its answer, None when it is not there yet. Raises `PlatformFault`, `SystemFault`."""

    def __str__(self) -> str:
        """The place, as a person would name it."""


def content_of(files: Files, path: str, limit: int = LARGEST) -> bytes | None:
    """The bytes of a file, links followed inside their root; None when there is none. Raises `FileFault`."""
    path = files.resolve(path, follow=True)
    return None if files.look(path) is None else files.read(path, limit)


def load_module(machine: Machine, module: str, sign: str, say: Say) -> None:
    """Load a kernel module unless the path that it brings is there already. Raises `CommandFault`."""
    if machine.system.look(sign) is None:
        say(f"loading kernel module {module}")
        machine.system.run(["modprobe", module])


def absolute(machine: Machine, path: str) -> str:
    """A path as the machine's environment gives it, from its working directory on."""
    return os.path.normpath(os.path.join(machine.directory, path))
