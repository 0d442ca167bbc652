"""What systemd thinks of units: in goes a tree with units in it, out come its complaints about them, each with a line.

systemd-analyze(1) reads them beside the units of the machine that runs this. What only tells of that machine is left
out: programs that are not installed here, units that nobody has here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from stoker.system.errors import CommandFault
from stoker.system.real_devices import Run

SECONDS: Final = 60.0
MOST: Final = 500  # units that are checked at once
MISSING: Final = 127  # exit status of env(1) for a command that is not installed

_AT_LINE: Final = re.compile(r"(?P<path>/\S+?):(?P<line>\d+): (?P<text>.+)")
_OF_UNIT: Final = re.compile(r"(?P<unit>[^\s:]+\.[a-z]+): (?P<text>.+)")
_OF_HERE: Final = re.compile(r" is not executable: |^Failed to create |Cannot add dependency job| not found\.$")
_TOO_OLD: Final = "unrecognized option"
_INSTANCE: Final = re.compile(r"@[^.]*\.")
_REFUSAL: Final = "Refusing."


class Complaint(NamedTuple):
    """What systemd says of a unit: in which file below the tree and line, or of the unit as a whole (line 0).

    A `refused` unit cannot be started.
    """

    unit: str
    path: str
    line: int
    text: str
    refused: bool


def check_units(root: str, paths: Iterable[str], run: Run) -> list[Complaint] | None:
    """Check units of a tree by their paths inside it; None without an answer of systemd-analyze, of 250 or newer."""
    asked = [root + path for path in paths]
    found: list[Complaint] = []
    for start in range(0, len(asked), MOST):
        complaints = _verify(root, asked[start : start + MOST], run)
        if complaints is None:
            return None
        found += complaints
    return found


def _verify(root: str, asked: Sequence[str], run: Run) -> list[Complaint] | None:
    """Check as many units as go on one command line."""
    try:
        run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *asked], b"", SECONDS)
    except CommandFault as fault:
        text = fault.errors.decode(errors="replace")
        is_answer = fault.status not in {0, MISSING}  # 0: it was ended, or took too long
        return None if not is_answer or _TOO_OLD in text else _complaints(text, root, asked)
    return []


def _complaints(text: str, root: str, asked: Sequence[str]) -> list[Complaint]:
    """The lines that are about what was asked, each once."""
    names = {path.rpartition("/")[2]: path for path in asked}
    found: dict[Complaint, None] = {}
    for line in text.splitlines():
        at_line, of_unit = _AT_LINE.fullmatch(line), _OF_UNIT.fullmatch(line)
        if at_line and at_line["path"].startswith(root + "/"):
            path = at_line["path"].removeprefix(root)
            found[Complaint(_unit_of(path), path, int(at_line["line"]), at_line["text"], refused=False)] = None
        elif of_unit and not _OF_HERE.search(of_unit["text"]):
            # A template is tried with an instance, whose name depends on the version.
            name = of_unit["unit"] if of_unit["unit"] in names else _INSTANCE.sub("@.", of_unit["unit"])
            if name in names:
                refused = of_unit["text"].endswith(_REFUSAL)
                found[Complaint(name, names[name].removeprefix(root), 0, of_unit["text"], refused)] = None
    return list(found)


def _unit_of(path: str) -> str:
    """The unit that a file is, or is a drop-in of."""
    directory, _, name = path.rpartition("/")
    return directory.rpartition("/")[2].removesuffix(".d") if directory.endswith(".d") else name
