"""What expectations mean: in go a rehearsal and what a person expects of it, out come Cases: each with what is not so.

A function per subject. Every expectation is judged, whatever became of those before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from stoker.engine import messages
from stoker.engine.disk_drawing import size_text
from stoker.engine.distributions import Distribution
from stoker.engine.expectations import Expectation
from stoker.engine.rehearsal import Held, Rehearsal
from stoker.engine.summary import Finding
from stoker.engine.targets import open_tree
from stoker.report import Place, Report, Severity
from stoker.schema.rules.butane import is_decimal_mistake
from stoker.system import System, SystemFault, User
from stoker.system.protocol import DIRECTORY, FILE, LINK

MEBIBYTE: Final = 1 << 20
SHOWN: Final = 64  # characters of a text that are shown: a digest is whole


class Case(NamedTuple):
    """An expectation in words, where it stands, and what is not as expected, each with its line."""

    title: str
    place: Place
    report: Report


class Scene(NamedTuple):
    """What expectations are held against."""

    rehearsal: Rehearsal
    system: System
    distribution: Distribution


Failure = tuple[str, str]  # the key that is to blame, and what is not so


def judge_all(
    entries: tuple[Expectation, ...], rehearsal: Rehearsal, distribution: Distribution, config: Place
) -> list[Case]:
    """Judge every expectation. What was refused and nobody expected is a case of its own, placed at `config`."""
    with closing(open_tree(Path(rehearsal.tree))) as system:
        scene = Scene(rehearsal, system, distribution)
        cases = [_case(entry, scene) for entry in entries]
    expected = {entry.name for entry in entries if entry.subject == "refused"}
    report = Report()
    for finding in rehearsal.summary.findings:
        if finding.severity == "error" and finding.code not in expected:
            where = f"{finding.place}: " if finding.place else ""
            reason = f"{where}{finding.message} [{finding.code}]"
            report.add(Severity.ERROR, messages.NOT_AS_EXPECTED, (), config, what="the machine comes up", reason=reason)
    return [Case("the machine comes up", config, report), *cases] if not expected or len(report) else cases


def _case(entry: Expectation, scene: Scene) -> Case:
    report = Report()
    try:
        failures = list(_JUDGES[entry.subject](entry, scene))
    except SystemFault as fault:
        failures = [("", str(fault))]
    order = list(entry.places)
    for key, reason in sorted(failures, key=lambda failure: order.index(failure[0]) if failure[0] in order else -1):
        place = entry.places.get(key) or entry.places[""]
        mode = entry.wanted.get(key) if key == "mode" else None
        is_mistake = mode is not None and is_decimal_mistake(mode, is_directory=entry.subject == "directory")
        message = messages.DECIMAL_EXPECTED if is_mistake else messages.NOT_AS_EXPECTED
        what = f"{entry.title}, {key}" if key in entry.wanted and key != "exists" else entry.title
        report.add(Severity.ERROR, message, (), place, what=what, reason=reason, mode=mode)
    return Case(entry.title, entry.places[""], report)


def _presence(entry: Expectation, is_there: bool) -> Iterator[Failure]:
    """Whether something is there when it shall be, and not when it shall not."""
    if is_there != entry.wanted.get("exists", True):
        yield "exists", "it is there" if is_there else "it is not there"


def _compared(entry: Expectation, key: str, found: object) -> Iterator[Failure]:
    if key in entry.wanted and entry.wanted[key] != found:
        yield key, f"it is {_shown(found)}, not {_shown(entry.wanted[key])}"


def _contained(entry: Expectation, text: str) -> Iterator[Failure]:
    for wanted in entry.wanted.get("has", ()):
        if wanted not in text:
            yield "has", f"it has no {_shown(wanted)}"
    for unwanted in entry.wanted.get("lacks", ()):
        if unwanted in text:
            yield "lacks", f"it has {_shown(unwanted)}"


def _shown(value: object) -> str:
    """A value in backticks: a mode in octal, of a long text the beginning."""
    text = str(value)
    return f"`{text[:SHOWN]}...`" if len(text) > SHOWN else f"`{text}`"


# Paths


def _path(entry: Expectation, scene: Scene, kind: str) -> Iterator[Failure]:
    found = scene.system.look(entry.name)
    if found is not None and found.kind != kind:
        yield "", f"it is a {found.kind}"
        return
    yield from _presence(entry, found is not None)
    if found is None:
        return
    if "mode" in entry.wanted and found.mode != entry.wanted["mode"]:
        yield "mode", f"it is `{found.mode:04o}`, not `{entry.wanted['mode']:04o}`"
    users = {user.uid: user.name for user in reversed(scene.system.accounts.users())}
    groups = {group.gid: group.name for group in reversed(scene.system.accounts.groups())}
    yield from _owned(entry, "owner", users.get(found.uid, ""), found.uid)
    yield from _owned(entry, "group", groups.get(found.gid, ""), found.gid)


def _owned(entry: Expectation, key: str, name: str, number: int) -> Iterator[Failure]:
    """An owner may be expected by name or by id."""
    if entry.wanted.get(key, name) not in {name, str(number)}:
        yield key, f"it is {_shown(name or number)}, not {_shown(entry.wanted[key])}"


def _file(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    failures = list(_path(entry, scene, FILE))
    yield from failures
    found = scene.system.look(entry.name)
    if found is None or found.kind != FILE or not {"is", "has", "lacks", "sha256"} & entry.wanted.keys():
        return
    content = scene.system.read(entry.name)
    text = content.decode(errors="replace")
    if "is" in entry.wanted and text.removesuffix("\n") != entry.wanted["is"].removesuffix("\n"):
        yield "is", f"it is {_shown(text)}, not {_shown(entry.wanted['is'])}"
    yield from _contained(entry, text)
    yield from _compared(entry, "sha256", hashlib.sha256(content).hexdigest())


def _directory(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    return _path(entry, scene, DIRECTORY)


def _link(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    found = scene.system.look(entry.name)
    if found is not None and found.kind != LINK:
        yield "", f"it is a {found.kind}"
        return
    yield from _presence(entry, found is not None)
    if found is not None:
        yield from _compared(entry, "to", scene.system.read_link(entry.name))


# Accounts


def _user(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    user = scene.system.accounts.user(entry.name)
    yield from _presence(entry, user is not None)
    if user is None:
        return
    yield from _compared(entry, "id", user.uid)
    yield from _compared(entry, "home", user.home)
    yield from _compared(entry, "shell", user.shell)
    every = scene.system.accounts.groups()
    groups = {group.name for group in every if user.name in group.members or group.gid == user.gid}
    for wanted in entry.wanted.get("in", ()):
        if wanted not in groups:
            yield "in", f"it is not in `{wanted}`, only in {', '.join(sorted(groups)) or 'none'}"
    for key in entry.wanted.get("key", ()):
        if key not in _keys(user, scene):
            yield "key", f"there is no ssh key {_shown(key)}"


def _keys(user: User, scene: Scene) -> str:
    path = scene.system.resolve(f"{user.home}/{scene.distribution.keys}")
    return scene.system.read(path).decode(errors="replace") if scene.system.look(path) else ""


def _group(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    group = scene.system.accounts.group(entry.name)
    yield from _presence(entry, group is not None)
    if group is not None:
        yield from _compared(entry, "id", group.gid)


# Units


def _unit(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    units = {unit.name: unit.state for unit in scene.rehearsal.summary.units}
    texts = list(_unit_texts(entry.name, scene)) if "/" not in entry.name else []
    yield from _presence(entry, entry.name in units or bool(texts))
    if "state" in entry.wanted and units.get(entry.name, "") != entry.wanted["state"]:
        yield "state", f"it is {units.get(entry.name) or 'left as the image has it'}, not {entry.wanted['state']}"
    yield from _contained(entry, "\n".join(texts))


def _unit_texts(name: str, scene: Scene) -> Iterator[str]:
    """The unit and its drop-ins."""
    path = f"{scene.distribution.units}/{name}"
    paths = [path]
    if scene.system.look(f"{path}.d") is not None:
        paths += [f"{path}.d/{dropin}" for dropin in scene.system.list(f"{path}.d")]
    for place in paths:
        found = scene.system.look(place)
        if found is not None and found.kind == FILE:
            yield scene.system.read(place).decode(errors="replace")


# Disks


def _partition(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    """A partition by its node or its label."""
    disks = [disk for disk in scene.rehearsal.disks if entry.wanted.get("disk", disk.node) == disk.node]
    every = [held for disk in disks for held in disk.held if held.number]
    found = [held for held in every if entry.name in {held.node, held.label}]
    yield from _presence(entry, bool(found))
    for held in found[:1]:
        yield from _partition_itself(entry, held)


def _partition_itself(entry: Expectation, held: Held) -> Iterator[Failure]:
    least, most = entry.wanted.get("at_least"), entry.wanted.get("at_most")
    if least is not None and held.size < least * MEBIBYTE:
        yield "at_least", f"it has {size_text(held.size)}, less than {least} MiB"
    if most is not None and held.size > most * MEBIBYTE:
        yield "at_most", f"it has {size_text(held.size)}, more than {most} MiB"
    yield from _compared(entry, "format", held.type)


def _mount(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    found = scene.rehearsal.mounts.get(entry.name)
    yield from _presence(entry, found is not None)
    if found is not None:
        yield from _compared(entry, "device", found.device)
        yield from _compared(entry, "format", found.format)


# The rest


def _kernel_argument(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    yield from _presence(entry, entry.name in scene.rehearsal.summary.kernel_arguments)


def _refused(entry: Expectation, scene: Scene) -> Iterator[Failure]:
    """A code that the rehearsal has to end with."""
    errors = [finding for finding in scene.rehearsal.summary.findings if finding.severity == "error"]
    found = [finding for finding in errors if finding.code == entry.name]
    if not found:
        codes = ", ".join(sorted({finding.code for finding in errors}))
        yield "", f"nothing is refused with it, only with {codes}" if codes else "nothing is refused"
        return
    yield from _contained(entry, "\n".join(map(_message, found)))


def _message(finding: Finding) -> str:
    return f"{finding.place}: {finding.message}"


_JUDGES: Final[dict[str, Callable[[Expectation, Scene], Iterator[Failure]]]] = {
    "file": _file,
    "directory": _directory,
    "link": _link,
    "user": _user,
    "group": _group,
    "unit": _unit,
    "partition": _partition,
    "mount": _mount,
    "kernel_argument": _kernel_argument,
    "refused": _refused,
}
