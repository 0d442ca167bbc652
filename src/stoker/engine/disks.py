"""The stage that prepares disks: in go partitions, arrays, volumes and file systems of a config, out come steps.

The order is Ignition's: all partitions, all arrays, all encrypted volumes, all file systems. Nothing is planned for
what is already as it shall be.
"""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine import disk_messages as messages
from stoker.engine.filesystems import plan_filesystems
from stoker.engine.operations import Heading, Step, quoted
from stoker.engine.operations.disks import ChangeTable, MakeArray, TellKernel, WipeTable
from stoker.engine.operations.losses import Loss
from stoker.engine.outlook import Located, Outlook
from stoker.engine.partitions import DiskPlan, DiskPlanner
from stoker.engine.volumes import plan_volumes
from stoker.report import Pointer, Report, Severity
from stoker.schema import v3
from stoker.system import Device
from stoker.system.devices import ArrayFields

PARTITIONS = "disks: createPartitions"
ARRAYS = "disks: createRaids"

# The names of the levels as md(4) has them, for those that mdadm(8) also takes under another one.
LEVELS = {"0": "raid0", "stripe": "raid0", "1": "raid1", "mirror": "raid1"} | {
    n: f"raid{n}" for n in ("4", "5", "6", "10")
}


def plan_disks(storage: v3.Storage, outlook: Outlook, report: Report) -> Iterator[Step | Heading]:
    """Plan everything that is done before file systems are mounted. `outlook` learns what devices there will be."""
    outlook.devices.wait([disk.device for disk in storage.disks])
    for pointer, disk_plan, said in _disk_plans(storage, outlook, report):
        steps = tuple(_disk_steps(pointer, disk_plan, outlook))
        outlook.expect_table({said.device, disk_plan.disk.node}, disk_plan.disk, disk_plan.after)
        if steps:
            yield Heading(pointer, PARTITIONS, f"partitioning {quoted(said.device)}", steps)
    if report.has_errors:
        return  # what stands on partitions that cannot be made would only be said to be missing
    yield from _plan_arrays(storage, outlook, report)
    yield from plan_volumes(storage, outlook, report)
    yield from plan_filesystems(storage, outlook, report)


def draft_disks(storage: v3.Storage, outlook: Outlook, report: Report) -> list[DiskPlan]:
    """What becomes of each disk of a config, to be shown; nothing is expected of later parts."""
    return [disk_plan for _, disk_plan, _ in _disk_plans(storage, outlook, report)]


def _disk_plans(storage: v3.Storage, outlook: Outlook, report: Report) -> Iterator[tuple[Pointer, DiskPlan, v3.Disk]]:
    seen: dict[str, str] = {}
    for index, said in enumerate(storage.disks):
        pointer: Pointer = ("storage", "disks", index)
        disk = outlook.devices.find(said.device)
        device = (*pointer, "device")
        if disk is None:
            report.add(Severity.ERROR, messages.NO_DEVICE, device, what="disks", device=quoted(said.device))
        elif disk.disk:
            report.add(Severity.ERROR, messages.NOT_A_DISK, device, device=quoted(said.device), disk=disk.disk)
        elif disk.node in seen:
            other = quoted(seen[disk.node])
            report.add(Severity.ERROR, messages.SAME_DISK, device, device=quoted(said.device), other=other)
        else:
            seen[disk.node] = said.device
            made = DiskPlanner(said, pointer, disk, outlook.devices, report).plan()
            if made is not None:
                yield pointer, made, said


def _disk_steps(pointer: Pointer, disk_plan: DiskPlan, outlook: Outlook) -> Iterator[Step]:
    """Wipe, change, tell: each where it is needed."""
    disk = disk_plan.disk
    changes = bool(disk_plan.delete or disk_plan.create)
    if disk_plan.wipe:
        yield Step((*pointer, "wipeTable"), PARTITIONS, WipeTable(disk=disk, losses=disk_plan.losses))
    if changes:
        losses = () if disk_plan.wipe else disk_plan.losses
        change = ChangeTable(disk=disk, delete=disk_plan.delete, create=disk_plan.create, losses=losses)
        yield Step((*pointer, "partitions"), PARTITIONS, change)
    if changes or disk_plan.wipe or not _is_known(disk, disk_plan, outlook):
        yield Step(pointer, PARTITIONS, TellKernel(disk=disk))


def _is_known(disk: Device, disk_plan: DiskPlan, outlook: Outlook) -> bool:
    """Whether the kernel knows the partitions; after a run that was cut short it may not."""
    wanted = {partition.number: (partition.start, partition.size) for partition in disk_plan.after.partitions}
    return outlook.devices.known_partitions(disk) == wanted


def _plan_arrays(storage: v3.Storage, outlook: Outlook, report: Report) -> Iterator[Step]:
    """Plan arrays; one that runs with the same members is left as it is."""
    for index, said in enumerate(storage.raid):
        pointer: Pointer = ("storage", "raid", index)
        members = [
            _member(path, (*pointer, "devices", place), outlook, report) for place, path in enumerate(said.devices)
        ]
        located = [member for member in members if member is not None]
        if len(located) < len(members):
            continue
        nodes = tuple(member.node for member in located)
        fields = ArrayFields(said.name, said.level or "", nodes, said.spares or 0, tuple(said.options))
        found = outlook.devices.array(fields.path)
        level = LEVELS.get(fields.level, fields.level)
        if found is None:
            outlook.expect(fields.path)
            yield from _array_steps(fields, located, pointer, outlook, report)
        elif (LEVELS.get(found.level, found.level), found.members) != (level, tuple(sorted(nodes))):
            running = ", ".join(found.members)
            report.add(
                Severity.ERROR,
                messages.ARRAY_DIFFERS,
                pointer,
                name=quoted(said.name),
                found=found.level,
                members=running,
            )


def _array_steps(
    fields: ArrayFields, located: list[Located], pointer: Pointer, outlook: Outlook, report: Report
) -> Iterator[Step]:
    losses: list[Loss] = []
    for place, member in enumerate(located):
        use = outlook.devices.use(member.node)
        if use:
            report.add(Severity.ERROR, messages.MEMBER_IN_USE, (*pointer, "devices", place), node=member.node, use=use)
            return
        losses += outlook.losses(member, member.node, outlook.probe(member))
    yield Step(pointer, ARRAYS, MakeArray(fields=fields, losses=tuple(losses)))


def _member(path: str, pointer: Pointer, outlook: Outlook, report: Report) -> Located | None:
    found = outlook.locate(path)
    if found is None:
        report.add(Severity.ERROR, messages.NO_DEVICE, pointer, what="raids", device=quoted(path))
    return found
