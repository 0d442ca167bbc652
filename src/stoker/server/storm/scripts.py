"""An iPXE script goes in, the addresses that a machine asks for next come out; nothing is sent from here.

Read are the commands that Matchbox writes and people put beside them: `chain`, `kernel`, `initrd` (ipxe.org/cmd), with
iPXE's settings put in (`${uuid}`, `${mac:hexhyp}`); one that the machine does not have is empty, as in iPXE.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

SETTING: Final = re.compile(r"\$\{([^}]*)\}")
VALUED_OPTIONS: Final = frozenset(("-n", "--name", "-t", "--timeout"))
CONFIG_ARGUMENTS: Final = ("ignition.config.url", "coreos.inst.ignition_url", "coreos.config.url", "flatcar.config.url")
NAMESPACE: Final = uuid.UUID("5f0a0f2e-6f0c-4f8b-9a53-7d6f2b1c4e10")


@dataclass(frozen=True, slots=True)
class Simulated:
    """A machine that is only played: what its firmware would tell of it."""

    uuid: str
    mac: str
    serial: str

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings of iPXE, those with a type (`mac:hexhyp`) by their whole name."""
        return {
            "uuid": self.uuid,
            "mac": self.mac,
            "mac:hexhyp": self.mac.replace(":", "-"),
            "mac:hexraw": self.mac.replace(":", ""),
            "net0/mac": self.mac,
            "net0/mac:hexhyp": self.mac.replace(":", "-"),
            "serial": self.serial,
            "buildarch": "x86_64",
            "buildarch:uristring": quote("x86_64"),
        }


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a boot script has a machine load; `config` is the address in its kernel arguments, empty if none is."""

    kernel: str
    initrds: tuple[str, ...]
    config: str


def simulate_machine(number: int) -> Simulated:
    """The machine of that number, the same in every run; its address is of those for local use (RFC 9542, 2.1)."""
    low = f"{number:010x}"
    mac = ":".join(("52", *(low[at : at + 2] for at in range(0, 10, 2))))
    return Simulated(str(uuid.uuid5(NAMESPACE, str(number))), mac, f"STORM{number:05}")


def read_chain(script: str, machine: Simulated) -> str:
    """The address that a first script hands over to; empty if it names none."""
    return next((words[0] for words in _commands(script, "chain", machine) if words), "")


def read_boot(script: str, machine: Simulated) -> Loaded | None:
    """What a script loads; None where it boots nothing, as the one does that says why."""
    kernel = next((words for words in _commands(script, "kernel", machine) if words), None)
    if kernel is None:
        return None
    initrds = tuple(words[0] for words in _commands(script, "initrd", machine) if words)
    arguments = {name: value for name, _, value in (word.partition("=") for word in kernel[1:])}
    config = next((arguments[name] for name in CONFIG_ARGUMENTS if name in arguments), "")
    return Loaded(kernel[0], initrds, config)


def _commands(script: str, name: str, machine: Simulated) -> Iterator[list[str]]:
    """The words of each command of that name, options left out."""
    settings = machine.settings
    for line in script.splitlines():
        words = SETTING.sub(lambda found: settings.get(found[1], ""), line).split()
        if words[:1] == [name]:
            yield _without_options(words[1:])


def _without_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2 if words[0] in VALUED_OPTIONS else 1 :]
    return words
