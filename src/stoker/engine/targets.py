"""What a plan is made for: a fresh machine, a tree, the machine that runs this, one that was captured, a disk image.

In goes what a person named; out comes a Target, with a System that is only looked at. Devices are always on paper:
they are read once and planned on as a first boot finds them, when nothing is mounted or open yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.captured import lay_accounts
from stoker.engine.distributions import DISTRIBUTIONS, Distribution, lay_base
from stoker.engine.imagined import imagine, named_devices
from stoker.report import Report, Severity
from stoker.schema.v3 import Config, Storage
from stoker.system import RealSystem, ScratchSystem, System, commands
from stoker.system.images import image_disk
from stoker.system.inventory import Captured, capture_devices, kernel_arguments, os_release
from stoker.system.real_devices import RealDevices
from stoker.system.scratch import has_manifest
from stoker.system.scratch_devices import Inventory, ScratchDevices

IMAGE_NODE: Final = "/dev/vda"


class Target(msgspec.Struct, frozen=True):
    """A machine to plan for, and what a person is told of it: `machine` in words, `notes` as findings.

    `is_fresh` tells that it is imagined: nothing on it can be lost.
    """

    system: System
    distribution: Distribution
    machine: str
    kernel_arguments: tuple[str, ...] = ()
    notes: Report = msgspec.field(default_factory=Report)
    is_fresh: bool = False


def distribution_of_system(os: dict[str, str]) -> Distribution | None:
    """The distribution that os-release(5) names, None when it is none of those known."""
    name, variant = os.get("ID", ""), os.get("VARIANT_ID", "")
    if variant == "coreos" or name in {"rhcos", "scos"}:
        return DISTRIBUTIONS["fcos" if name == "fedora" else "rhcos"]
    for known in (name, *os.get("ID_LIKE", "").split()):
        if known in DISTRIBUTIONS:
            return DISTRIBUTIONS[known]
    return None


def other_distribution(meant: Distribution | None, target: Target) -> Report:
    """That a config, which is `meant` for one distribution, is planned for a machine with another."""
    report = Report()
    if meant is not None and meant != target.distribution:
        found = target.distribution
        message = messages.OTHER_DISTRIBUTION
        report.add(Severity.WARNING, message, meant=meant.title, found=found.title, name=found.name)
    return report


@contextmanager
def fresh_machine(config: Config, distribution: Distribution) -> Iterator[Target]:
    """A machine as its image leaves it, with disks that fit the config."""
    with scratch_machine(distribution, imagine(config, distribution.name)) as system:
        yield Target(system, distribution, f"a fresh machine with {distribution.title}", is_fresh=True)


@contextmanager
def captured_machine(captured: Captured, distribution: Distribution, name: str) -> Iterator[Target]:
    """A machine that was captured; `name` is that of the inventory. Its files are not known."""
    notes = Report()
    notes.add(Severity.WARNING, messages.FILES_UNKNOWN, what="an inventory")
    title = captured.os.get("PRETTY_NAME") or distribution.title
    with scratch_machine(distribution, as_first_boot_finds(captured.devices), captured) as system:
        arguments = tuple(captured.kernel_arguments)
        yield Target(system, distribution, f"the machine of `{name}` with {title}", arguments, notes)


@contextmanager
def disk_image(path: Path, config: Config, distribution: Distribution) -> Iterator[Target]:
    """A machine whose only disk is an image: it stands for the disk that the config names, or for /dev/vda.

    Raises `FileFault`, `DeviceFault`, `CommandFault` when it cannot be read.
    """
    named = [disk.device for disk in config.storage.disks] if config.storage else []
    path_of_config = named[0] if len(named) == 1 else IMAGE_NODE
    is_link = path_of_config.startswith("/dev/disk/")
    record = image_disk(path, commands.run)
    record.links = [path_of_config] if is_link else []
    inventory = Inventory(disks={IMAGE_NODE if is_link else path_of_config: record})
    notes = Report()
    notes.add(Severity.WARNING, messages.FILES_UNKNOWN, what="an image")
    with scratch_machine(distribution, inventory) as system:
        yield Target(system, distribution, f"a machine with the disk `{path}`", notes=notes)


@contextmanager
def machine_below(
    root: Path, name: str, config: Config, distribution: Distribution | None, fallback: Distribution
) -> Iterator[Target]:
    """A tree, called `name`, or the machine that runs this when `root` is `/`, with its disks and what `config` names.

    Without `distribution` it is what the tree says that it is, else `fallback`. Raises `SystemFault`.
    """
    with closing(open_tree(root)) as system:
        found = distribution or distribution_of_system(os_release(system)) or fallback
        is_this = root == Path("/")
        if is_this:
            inventory = capture_devices(RealDevices(commands.run), named_devices(config.storage or Storage()))
            system.devices = ScratchDevices(as_first_boot_finds(inventory))
        words = f"{'this machine' if is_this else f'the tree `{name}`'} with {found.title}"
        yield Target(system, found, words, tuple(kernel_arguments(system)))


def open_tree(root: Path) -> RealSystem | ScratchSystem:
    """A tree that is there: with its manifest of owners where it has one. Nothing is written unless it is changed."""
    return ScratchSystem(root) if has_manifest(root) else RealSystem(root)


def as_first_boot_finds(inventory: Inventory) -> Inventory:
    """Devices as they will be when a first boot begins: nothing is mounted or swapped to, arrays run."""
    kept = {
        node: use
        for node, use in inventory.uses.items()
        if any(node in one.members for one in inventory.arrays.values())
    }
    return msgspec.structs.replace(inventory, uses=kept)


@contextmanager
def scratch_machine(
    distribution: Distribution, inventory: Inventory, captured: Captured | None = None
) -> Iterator[ScratchSystem]:
    """A machine on paper: a tree of its own with the base of a distribution, gone again afterwards."""
    with (
        TemporaryDirectory(prefix="stoker-") as directory,
        closing(ScratchSystem(Path(directory) / "root", devices=ScratchDevices(inventory))) as system,
    ):
        if captured is not None:
            lay_accounts(system, captured)
        lay_base(system, distribution)
        yield system
