"""The states of a machine and what leads from one to another, as one table; a state and a sign go in, a Step comes out.

The table is data: it is looked up, printed by `stoker machine states`, shown in the documentation, and tested pair by
pair. A sign is what a fact about a machine means for its state (`facts.py` says which fact is which sign).
"""

from __future__ import annotations

import enum
import textwrap
from typing import Final, NamedTuple

WIDTH: Final = 80  # columns of what is printed
SIGNS_WIDTH: Final = 31


class State(enum.StrEnum):
    """Where a machine is in its life."""

    DISCOVERED = "discovered"
    INSTALLING = "installing"
    PROVISIONING = "provisioning"
    UP = "up"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


class Sign(enum.StrEnum):
    """What happened, as far as it matters to the state."""

    SEEN = "seen"
    START = "start"
    INSTALL = "install"
    CONFIG = "config"
    INSTALLED = "installed"
    STAGE = "stage"
    UP = "up"
    FAILED = "failed"
    EXHAUSTED = "exhausted"
    REPROVISION = "reprovision"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    RETIRE = "retire"
    FORGET = "forget"


class Step(NamedTuple):
    """Where a sign leads: to `state`, out of the register when that is None, nowhere when `refusal` says why not."""

    state: State | None
    refusal: str = ""


MEANINGS: Final = {
    State.DISCOVERED: "it was heard of, and nothing was begun with it",
    State.INSTALLING: "it was given the script that installs, and has not said that its disk is written",
    State.PROVISIONING: "it boots what it shall run, or has been given the config of it",
    State.UP: "it said that it runs",
    State.FAILED: "a stage of its boot or its install failed; the next network boot tries again",
    State.QUARANTINED: "three tries in a row failed, or a person said so; it is given nothing until it is released",
    State.RETIRED: "a person took it out of service; it is given nothing",
}
SIGNS: Final = {
    Sign.SEEN: "a sign of life",
    Sign.START: "it was given a boot script that does not install",
    Sign.INSTALL: "it was given the boot script that installs",
    Sign.CONFIG: "it was given its config",
    Sign.INSTALLED: "its disk is written: it said so, or asked with `os=installed`",
    Sign.STAGE: "a stage of its first boot went well",
    Sign.UP: "it said that it is up",
    Sign.FAILED: "a stage or an install failed",
    Sign.EXHAUSTED: "the same, for the third time in a row",
    Sign.REPROVISION: "a person armed one install",
    Sign.QUARANTINE: "a person held it back",
    Sign.RELEASE: "a person let it go on, its failures forgotten",
    Sign.RETIRE: "a person took it out of service",
    Sign.FORGET: "a person had its record removed",
}

# `.` stays, `gone` leaves the register, `!` refuses for the reason of that name.
_TABLE: Final = """
             discovered    installing    provisioning  up            failed        quarantined   retired
seen         .             .             .             .             .             .             .
start        provisioning  provisioning  .             provisioning  provisioning  !held-back    !retired
install      installing    .             installing    installing    installing    !held-back    !retired
config       provisioning  .             .             .             provisioning  !held-back    !retired
installed    provisioning  provisioning  .             .             provisioning  .             .
stage        provisioning  .             .             provisioning  .             .             .
up           up            up            up            .             up            .             .
failed       failed        failed        failed        failed        .             .             .
exhausted    quarantined   quarantined   quarantined   quarantined   .             .             .
reprovision  .             .             .             .             .             !held-back    !retired
quarantine   quarantined   quarantined   quarantined   quarantined   quarantined   !held          !retired
release      !free         !free         !free         !free         discovered    discovered    discovered
retire       retired       retired       retired       retired       retired       retired       !already
forget       gone          !in-use       !in-use       !in-use       gone          gone          gone
"""
REFUSALS: Final = {
    "held-back": "it is quarantined; release it first",
    "held": "it is quarantined already",
    "retired": "it is retired; release it first",
    "already": "it is retired already",
    "free": "nothing holds it back",
    "in-use": "it is in use; retire it first",
}


def _read(table: str) -> dict[tuple[State, Sign], Step]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {
        (State(name), Sign(sign)): _step(State(name), cell)
        for sign, *cells in rows
        for name, cell in zip(head, cells, strict=True)
    }


def _step(state: State, cell: str) -> Step:
    if cell.startswith("!"):
        return Step(state, REFUSALS[cell[1:]])
    if cell == "gone":
        return Step(None)
    return Step(state if cell == "." else State(cell))


TRANSITIONS: Final = _read(_TABLE)


def step(state: State, sign: Sign) -> Step:
    """Where a sign leads from a state."""
    return TRANSITIONS[state, sign]


def transitions_text() -> str:
    """The table for people: each state, what it means, and where each sign leads from it."""
    blocks = []
    for state in State:
        leads: dict[str, list[str]] = {}
        for sign in Sign:
            leads.setdefault(_target(state, step(state, sign)), []).append(sign)
        lines = textwrap.wrap(f"{state}: {MEANINGS[state]}", WIDTH)
        for target, signs in leads.items():
            first, *more = textwrap.wrap(", ".join(signs), SIGNS_WIDTH)
            lines += [f"  {first:{SIGNS_WIDTH}} {target}", *(f"  {line}" for line in more)]
        blocks.append("\n".join(lines))
    width = max(map(len, Sign)) + 2
    blocks.append("\n".join(["signs:", *(f"  {sign:{width}}{meaning}" for sign, meaning in SIGNS.items())]))
    return "\n\n".join(blocks) + "\n"


def _target(state: State, taken: Step) -> str:
    if taken.refusal:
        return f"refused: {taken.refusal}"
    if taken.state is None:
        return "forgotten"
    return "stays" if taken.state is state else f"-> {taken.state}"
