"""A first boot on paper: in go a config and a directory, out come a provisioned tree, disk images and an account.

Needs no root. Owners are kept in a manifest, disks are sparse files beside the tree, and what systemd thinks of the
units is asked where it can be. The operations are those of a real first boot.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.captured import lay_accounts
from stoker.engine.columns import table
from stoker.engine.disk_drawing import INDENTED, draw_table, size_text
from stoker.engine.distributions import Distribution, lay_base
from stoker.engine.execution import Say, carry_out
from stoker.engine.filesystems import mounted_filesystems
from stoker.engine.imagined import imagine
from stoker.engine.outcome import Outcome
from stoker.engine.plan import DISKS, plan
from stoker.engine.summary import Summary, summarise, summary_text
from stoker.engine.targets import as_first_boot_finds
from stoker.engine.units import template
from stoker.fetch import Fetch
from stoker.report import Entry, Pointer, Report, Severity
from stoker.report.native import plain
from stoker.schema.v3 import Config
from stoker.system import ScratchSystem, SystemFault, commands
from stoker.system.devices import partition_node
from stoker.system.image_devices import ImageDevices
from stoker.system.inventory import Captured
from stoker.system.scratch_devices import Disk, Inventory, ScratchDevices
from stoker.system.unit_check import Complaint, check_units

# Where an image or an administrator keeps units, beside where a config does.
UNITS_OF_IMAGE: Final = ("/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")


class Held(msgspec.Struct, frozen=True):
    """A partition of an image, or all of it (`number` 0): its node, `start`, `size` in bytes, what blkid sees."""

    node: str
    number: int
    label: str
    start: int
    size: int
    type: str = ""
    type_label: str = ""
    uuid: str = ""


class Mounted(msgspec.Struct, frozen=True):
    """A file system that was mounted while the machine was provisioned: the node it is on, its format."""

    device: str
    format: str


class Image(msgspec.Struct, frozen=True):
    """A disk, its sparse file (empty for one on paper), its size in bytes, what it holds, its table as a drawing."""

    node: str
    file: str
    size: int
    held: tuple[Held, ...]
    drawing: str


class Rehearsal(msgspec.Struct, frozen=True):
    """What became of a first boot on paper.

    `tree` is where it is, `mounts` says what was mounted at which path, `on_paper` which parts of the disks are only
    records. `units_checked` is false where systemd could not be asked.
    """

    tree: str
    summary: Summary
    disks: tuple[Image, ...]
    mounts: dict[str, Mounted]
    on_paper: tuple[str, ...]
    units_checked: bool

    @property
    def succeeded(self) -> bool:
        """Whether the machine would come up with all its units fit to be started."""
        return self.summary.succeeded and not any(one.severity == "error" for one in self.summary.findings)


def rehearse(
    config: Config,
    root: Path,
    distribution: Distribution,
    *,
    captured: Captured | None = None,
    say: Say,
    fetch: Fetch | None = None,
) -> tuple[Rehearsal, Outcome]:
    """Carry out a config below `root`, which is made; images go to `ROOT.disks`, owners to `ROOT.rights.json`.

    `captured` is the machine to begin with, a fresh one of the distribution otherwise. The Outcome has the findings
    with their pointers. Raises `SystemFault`.
    """
    inventory = imagine(config, distribution.name) if captured is None else as_first_boot_finds(captured.devices)
    devices = _devices(config, copy.deepcopy(inventory), root.with_name(root.name + ".disks"))
    with closing(ScratchSystem(root, devices=devices)) as system:
        if captured is not None:
            lay_accounts(system, captured)
        lay_base(system, distribution)
        outcome = carry_out(plan(config, system, distribution, online=fetch is not None), system, say, fetch)
        complaints = check_units(system.root, _unit_paths(outcome, system, distribution), commands.run)
        outcome.report.extend(_unit_entry(complaint, config) for complaint in complaints or ())
        outcome.report.extend(_units_not_here(config, system, distribution))
        images = devices.images if isinstance(devices, ImageDevices) else {}
        shown = devices.inventory.disks if captured is not None or _has_disks(config) else {}
        rehearsal = Rehearsal(
            str(root),
            msgspec.structs.replace(summarise(outcome, system), succeeded=_reached_the_end(outcome)),
            tuple(_image(node, str(images.get(node, "")), disk) for node, disk in shown.items()),
            dict(_mounts(config, system, devices)),
            tuple(dict.fromkeys(devices.on_paper)) if isinstance(devices, ImageDevices) else (),
            complaints is not None,
        )
    return rehearsal, outcome


def rehearsal_text(rehearsal: Rehearsal) -> str:
    """The account as text: that of the run, then the disks as blkid(8) sees them."""
    lines = []
    for image in rehearsal.disks:
        rows = [(held.node, held.label, size_text(held.size), _words(held), held.uuid) for held in image.held]
        lines += [
            "",
            f"{image.node}, {size_text(image.size)}",
            f"  {image.drawing}",
            *(f"  {row}" for row in table(rows)),
        ]
    if rehearsal.on_paper:
        lines += ["", "on paper only", *(f"  {what}" for what in rehearsal.on_paper)]
    if not rehearsal.units_checked:
        lines += ["", "units were not checked: `systemd-analyze` is not there, or did not answer"]
    return summary_text(rehearsal.summary) + "".join(f"{plain(line).rstrip()}\n" for line in lines)


def _devices(config: Config, inventory: Inventory, directory: Path) -> ScratchDevices:
    """Images where the config does something to disks, else records alone."""
    if not _has_disks(config):
        return ScratchDevices(inventory)
    directory.mkdir(parents=True)
    return ImageDevices(inventory, directory, commands.run)


def _has_disks(config: Config) -> bool:
    """Whether the config does something to disks."""
    return any(getattr(config.storage, name, ()) for name in DISKS)


def _mounts(config: Config, system: ScratchSystem, devices: ScratchDevices) -> Iterator[tuple[str, Mounted]]:
    """What was mounted, by its path."""
    for _, path, said in mounted_filesystems(config.storage):
        node = devices.mounted_once.get((system.root + path).rstrip("/"))
        if node is not None:
            yield path, Mounted(node, said.format or "")


def _reached_the_end(outcome: Outcome) -> bool:
    return all(event.outcome == "done" for event in outcome.events)


# Units


def _unit_paths(outcome: Outcome, system: ScratchSystem, distribution: Distribution) -> list[str]:
    """The units that were written: systemd finds their drop-ins by itself."""
    written = {
        touch.name for touch in outcome.touched if touch.kind == "path" and touch.name.startswith(distribution.units)
    }
    return sorted(
        path for path in written if path.count("/") == distribution.units.count("/") + 1 and _is_text(path, system)
    )


def _is_text(path: str, system: ScratchSystem) -> bool:
    found = system.look(path)
    return found is not None and found.kind == "file"


def _units_not_here(config: Config, system: ScratchSystem, distribution: Distribution) -> Report:
    """Units that are enabled and are nowhere in the tree, where systemd would look (systemd.unit(5))."""
    report = Report()
    for index, unit in enumerate(config.systemd.units if config.systemd else ()):
        names = (unit.name, template(unit.name)[0])
        paths = [f"{directory}/{name}" for directory in (distribution.units, *UNITS_OF_IMAGE) for name in names]
        if unit.enabled and not unit.contents and not _is_one_there(paths, system):
            report.add(Severity.WARNING, messages.UNIT_NOT_HERE, ("systemd", "units", index, "name"), unit=unit.name)
    return report


def _is_one_there(paths: list[str], system: ScratchSystem) -> bool:
    try:
        return any(map(system.look, paths))
    except SystemFault:  # no file can be called that
        return False


def _unit_entry(complaint: Complaint, config: Config) -> Entry:
    """A complaint as a finding: of the unit or drop-in of the config that it is about."""
    message = messages.UNIT_REFUSED if complaint.refused else messages.UNIT_COMPLAINT
    where = (
        f"line {complaint.line} of `{complaint.path.rpartition('/')[2]}`" if complaint.line else f"`{complaint.unit}`"
    )
    text = message.text.format(where=where, text=complaint.text)
    severity = Severity.ERROR if complaint.refused else Severity.WARNING
    return Entry(severity, message.code, text, _unit_pointer(complaint, config), None, message.hint)


def _unit_pointer(complaint: Complaint, config: Config) -> Pointer:
    for index, unit in enumerate(config.systemd.units if config.systemd else ()):
        if unit.name == complaint.unit:
            for place, dropin in enumerate(unit.dropins):
                if complaint.path.endswith(f".d/{dropin.name}"):
                    return ("systemd", "units", index, "dropins", place, "contents")
            return ("systemd", "units", index, "contents")
    return ()


# Images


def _image(node: str, file: str, disk: Disk) -> Image:
    return Image(node, file, disk.size, tuple(_held(node, disk)), draw_table(disk.table, {}, INDENTED))


def _held(node: str, disk: Disk) -> Iterator[Held]:
    partitions = disk.table.partitions if disk.table else ()
    for partition in partitions:
        start, size = partition.start * disk.sector_size, partition.size * disk.sector_size
        held = Held(partition_node(node, partition.number), partition.number, partition.label, start, size)
        yield _seen(held, disk)
    if not partitions:
        yield _seen(Held(node, 0, "", 0, disk.size), disk)


def _seen(held: Held, disk: Disk) -> Held:
    found = disk.contents.get(held.start)
    if found is None:
        return held
    return msgspec.structs.replace(held, type=found.type, type_label=found.label, uuid=found.uuid)


def _words(held: Held) -> str:
    return f"{held.type} `{held.type_label}`" if held.type_label else held.type
