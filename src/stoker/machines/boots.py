"""What a machine that boots from the network is given: its record and its group's demands go in, the answer comes out.

Matchbox gives every machine its script at every boot. A group with `stoker.install: once` in its metadata is told
apart: its script installs, and a machine whose install is done boots from its disk, until a person arms another. A
group with `stoker.token: required` gives its script to armed machines alone, with a token in it (`tokens.py`). Metadata
has these keys, since it is what Terraform and gRPC clients can write, and what Matchbox passes on without minding.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, NamedTuple

from stoker.machines.documents import Group
from stoker.machines.facts import AnyFact, Booted, Refused, Told
from stoker.machines.fold import fold
from stoker.machines.messages import BAD_DEMAND
from stoker.machines.record import Machine
from stoker.machines.states import State
from stoker.report import Event, Report, Severity

INSTALL_KEY: Final = "stoker.install"
TOKEN_KEY: Final = "stoker.token"
WANTED: Final = {INSTALL_KEY: "once", TOKEN_KEY: "required"}
INSTALLED_LABEL: Final = ("os", "installed")
SAME_BOOT_SECONDS: Final = 60.0  # nobody installs and is back within that; a script is fetched twice for less

LOCAL_SCRIPT: Final = b"#!ipxe\necho stoker: this machine is installed, it boots from its disk\nexit\n"
CAME_BACK: Final = "it asked for a boot script again before its disk was written"


class Demands(NamedTuple):
    """What a group demands beside what Matchbox knows."""

    installs_once: bool = False
    takes_token: bool = False


class Give(enum.StrEnum):
    """What a machine that boots from the network is given."""

    START = "start"  # the group's script
    INSTALL = "install"  # the group's script, which installs
    LOCAL = "local"  # a script that leads to its disk
    REFUSE = "refuse"  # a script that says why there is nothing


class NetworkBoot(NamedTuple):
    """What to give, and what is known of the machine by that; `reason` says why it is refused.

    `mints`: the script has a token.
    """

    give: Give
    facts: tuple[AnyFact, ...] = ()
    reason: str = ""
    mints: bool = False


def read_demands(group: Group) -> tuple[Demands, Report]:
    """What a group demands; a value that is not known is an error, and counts as the demand that was meant."""
    report = Report()
    for key, wanted in WANTED.items():
        value = group.metadata.get(key, wanted)
        if value != wanted:
            report.add(Severity.ERROR, BAD_DEMAND, group=group.key, key=key, value=str(value)[:100], wanted=wanted)
    return Demands(INSTALL_KEY in group.metadata, TOKEN_KEY in group.metadata), report


def is_installed(labels: Mapping[str, str]) -> bool:
    """Whether a request is that of a machine whose disk is written, by the label that Matchbox's users give it."""
    name, value = INSTALLED_LABEL
    return labels.get(name) == value


# What a group that installs once gives, by state, to a machine that is not armed and to one that is.
_ONCE: Final = {
    State.DISCOVERED: (Give.INSTALL, Give.INSTALL),
    State.INSTALLING: (Give.INSTALL, Give.INSTALL),
    State.PROVISIONING: (Give.LOCAL, Give.INSTALL),
    State.UP: (Give.LOCAL, Give.INSTALL),
    State.FAILED: (Give.INSTALL, Give.INSTALL),
}
_HELD: Final = {
    State.QUARANTINED: "this machine is quarantined: {reason}; release it to try again",
    State.RETIRED: "this machine is retired; release it to have it back",
}
NOT_ARMED: Final = "this machine's config takes a token, and nobody has armed the machine: `reprovision` it first"


def boot(machine: Machine, demands: Demands, at: float, held: str = "") -> NetworkBoot:
    """What to give a machine that asks for its boot script, and what that is to its record.

    One that comes back while it installs has failed to; the third time it is quarantined. `held` is why the template
    of its config is held back from it, if it is.
    """
    facts: list[AnyFact] = []
    is_same_boot = at < machine.since + SAME_BOOT_SECONDS
    if demands.installs_once and machine.state is State.INSTALLING and not is_same_boot:
        came_back = Told(Event(at, "install", CAME_BACK, "failed"))
        machine = fold(machine, came_back, at).machine or machine
        facts.append(came_back)
    give, reason = _decide(machine, demands, held)
    if give is not Give.LOCAL:
        facts.append(Refused(reason) if give is Give.REFUSE else Booted(is_install=give is Give.INSTALL))
    mints = demands.takes_token and give in {Give.START, Give.INSTALL}
    return NetworkBoot(give, tuple(facts), reason, mints)


def reason_held(machine: Machine) -> str:
    """Why a machine is given nothing, whatever it asks for; empty where its state holds nothing back."""
    return _HELD.get(machine.state, "").format(reason=machine.reason)


def _decide(machine: Machine, demands: Demands, held: str) -> tuple[Give, str]:
    """What to give, and why nothing."""
    if machine.state in _HELD:
        return Give.REFUSE, reason_held(machine)
    give = _ONCE[machine.state][machine.armed is not None] if demands.installs_once else Give.START
    if give is Give.LOCAL:
        return give, ""
    if demands.takes_token and machine.armed is None:
        return Give.REFUSE, NOT_ARMED
    return (Give.REFUSE, held) if held else (give, "")
