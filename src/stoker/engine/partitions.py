"""The partitions of a config: in go a disk and its table, out comes what becomes of them.

Rules, in Ignition's words: a partition that is there has to match what is said of it, or be wiped, or resized; one
that shall not exist is only deleted if its entry may be wiped; number 0 is the next free number. A partition without a
number whose label and all else is on the disk already is that one: so a second run plans nothing.

Source: Ignition's operator notes, "Partition Reuse Semantics".
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stoker.engine import disk_messages as messages
from stoker.engine.free_space import FreeSpace
from stoker.engine.operations.losses import Loss, words
from stoker.engine.operations.operation import quoted
from stoker.report import Message, Pointer, Report, Severity
from stoker.schema import v3
from stoker.system import BlockDevices, Device, Partition, Signature, Table, TableFault
from stoker.system.devices import partition_node

MEBIBYTE = 1 << 20


class DiskPlan(msgspec.Struct, frozen=True):
    """What becomes of a disk: its table before (None: none) and after, and what has to be done for it.

    `losses` names what is on the disk now and will not be there afterwards.
    """

    disk: Device
    before: Table | None
    after: Table
    wipe: bool
    delete: tuple[int, ...]
    create: tuple[Partition, ...]
    losses: tuple[Loss, ...]


class Wish(msgspec.Struct):
    """A partition as it is wanted; number, start and size are filled in on the way. None: whatever is there."""

    pointer: Pointer
    said: v3.Partition
    number: int
    start: int | None
    size: int | None

    @property
    def shall_exist(self) -> bool:
        """Whether it is wanted at all."""
        return self.said.should_exist is not False

    def as_partition(self) -> Partition:
        """The entry that sgdisk is asked to make."""
        said = self.said
        return Partition(
            self.number, self.start or 0, self.size or 0, said.label or "", said.guid or "", said.type_guid or ""
        )


class DiskPlanner:
    """Plans one disk. What cannot be done is said in the report."""

    def __init__(self, said: v3.Disk, pointer: Pointer, disk: Device, devices: BlockDevices, report: Report) -> None:
        self._said = said
        self._pointer = pointer
        self._disk = disk
        self._devices = devices
        self._report = report
        self._name = quoted(said.device)
        self._wiped = bool(said.wipe_table)
        self._unread = ""  # why the table cannot be read that is to be wiped
        self._in_use = self._find_uses()

    def plan(self) -> DiskPlan | None:
        """The plan, None when there is an error."""
        errors = sum(entry.is_error for entry in self._report)
        if not self._judge_use():
            return None
        table = self._read()
        if table is None:
            return None
        before = Table.blank(self._disk.size, self._disk.sector_size) if self._wiped else table
        wishes = self._resolve(before)
        changes = list(self._changes(before, wishes)) if wishes is not None else []
        if sum(entry.is_error for entry in self._report) > errors:
            return None
        delete = tuple(number for number, _ in changes if before.partition(number))
        create = tuple(wish for _, wish in changes if wish is not None)
        kept = [partition for partition in before.partitions if partition.number not in delete]
        after = msgspec.structs.replace(
            before, partitions=tuple(sorted([*kept, *create], key=lambda partition: partition.number))
        )
        changed = bool(self._wiped or delete or create)
        losses = tuple(self._losses(table, after)) if changed else ()
        found = None if table.guid == "" and not table.partitions else table
        return DiskPlan(self._disk, found, after, self._wiped, delete, create, losses)

    # What is there

    def _find_uses(self) -> dict[int, str]:
        """The partitions that are in use, with what uses them."""
        uses = {
            number: self._devices.use(partition_node(self._disk.node, number))
            for number in self._devices.known_partitions(self._disk)
        }
        return {number: use for number, use in uses.items() if use}

    def _judge_use(self) -> bool:
        """Whether the disk may be worked on."""
        use = self._devices.use(self._disk.node)
        if use and not self._in_use:
            self._refuse(messages.ACTIVE_DISK, self._pointer, device=self._name, node=self._disk.node, use=use)
        elif self._wiped and self._in_use:
            number, use = next(iter(self._in_use.items()))
            node = partition_node(self._disk.node, number)
            self._refuse(messages.WIPE_ACTIVE, (*self._pointer, "wipeTable"), device=self._name, node=node, use=use)
        else:
            return True
        return False

    def _read(self) -> Table | None:
        """The table on the disk, a blank one where there is none or what is there is to be wiped."""
        blank = Table.blank(self._disk.size, self._disk.sector_size)
        try:
            return self._devices.table(self._disk) or blank
        except TableFault as fault:
            if self._wiped:
                self._unread = str(fault)
                return blank
            self._refuse(messages.TABLE_FAULT, self._pointer, device=self._name, reason=fault)
            return None

    # What is wanted

    def _resolve(self, table: Table) -> list[Wish] | None:
        """The wishes with numbers, starts and sizes as if every one of them were made anew; None when one cannot."""
        wishes = self._wishes(table)
        free = FreeSpace(table)
        numbers = {partition.number: True for partition in table.partitions}
        for wish in wishes:
            found = table.partition(wish.number)
            if found is not None:
                free.remove(wish.number)
                if not wish.said.wipe_partition_entry:
                    wish.start = found.start if wish.start is None else wish.start
                    wish.size = found.size if wish.size is None else wish.size
            if wish.number:
                numbers[wish.number] = wish.shall_exist or any(
                    other.number == wish.number and other.shall_exist for other in wishes
                )
        for wish in wishes:
            if not wish.shall_exist:
                continue
            if not wish.number:
                wish.number = next(number for number in range(1, len(numbers) + 2) if not numbers.get(number))
                numbers[wish.number] = True
            start, last, fits = free.add(wish.number, wish.start or 0, wish.size or 0)
            if not fits or wish.number > table.entries:
                self._say_no_room(wish, start, last, table)
                return None
            wish.start, wish.size = start, last - start + 1
        return wishes

    def _wishes(self, table: Table) -> list[Wish]:
        """The wishes in the order in which they are fulfilled: those without a number come last."""
        per_mebibyte = MEBIBYTE // self._disk.sector_size
        wishes = [
            Wish(
                (*self._pointer, "partitions", index),
                said,
                said.number,
                None if said.start_mib is None else said.start_mib * per_mebibyte,
                None if said.size_mib is None else said.size_mib * per_mebibyte,
            )
            for index, said in enumerate(self._said.partitions)
        ]
        claimed = {wish.number for wish in wishes if wish.shall_exist}
        for wish in wishes:
            if not wish.number and wish.shall_exist and wish.said.label:
                free = (partition for partition in table.partitions if partition.number not in claimed)
                found = next((partition for partition in free if _is_the_one(wish, partition)), None)
                if found is not None:
                    wish.number, wish.start, wish.size = found.number, found.start, found.size
                    claimed.add(wish.number)
        return sorted(wishes, key=lambda wish: wish.said.number == 0)

    def _say_no_room(self, wish: Wish, start: int, last: int, table: Table) -> None:
        if wish.number > table.entries:
            reason = f"the table has room for {table.entries} entries"
        elif not last:
            reason = "nothing is free"
        elif last < start or last > table.last_usable:
            reason = f"the disk ends at sector {table.last_usable}"
        else:
            reason = "that is not free"
        self._refuse(messages.NO_ROOM, wish.pointer, number=wish.number, start=start, last=last, reason=reason)

    # What is to be done

    def _changes(self, table: Table, wishes: list[Wish]) -> Iterator[tuple[int, Partition | None]]:
        """The entries to change: each number with what it shall become, None for nothing."""
        wanted = {wish.number for wish in wishes if wish.shall_exist}
        for wish in wishes:
            found = table.partition(wish.number)
            if not wish.shall_exist:
                if wish.number in wanted or found is None:
                    continue
                if not wish.said.wipe_partition_entry:
                    content = self._warning(found)
                    self._refuse(messages.PARTITION_EXISTS, wish.pointer, number=wish.number, content=content)
                yield self._free_to_change(wish), None
            elif found is None:
                yield wish.number, wish.as_partition()
            else:
                yield from self._change(wish, found)

    def _change(self, wish: Wish, found: Partition) -> Iterator[tuple[int, Partition]]:
        """What has to be done about a partition that is there."""
        differences = list(_differences(wish, found))
        if not differences:
            return
        field, what, wanted, got = differences[0]
        if wish.said.wipe_partition_entry:
            yield self._free_to_change(wish), wish.as_partition()
        elif wish.said.resize and field == "sizeMiB":
            resized = msgspec.structs.replace(found, size=wish.size or found.size)
            yield self._free_to_change(wish), resized
        else:
            values = {"number": wish.number, "what": what, "wanted": wanted, "found": got}
            content = self._warning(found)
            self._refuse(messages.PARTITION_DIFFERS, (*wish.pointer, field), content=content, **values)

    def _free_to_change(self, wish: Wish) -> int:
        """The number of a partition that is to be changed; it is refused when it is in use."""
        use = self._in_use.get(wish.number)
        if use:
            node = partition_node(self._disk.node, wish.number)
            message = messages.ACTIVE_PARTITION
            self._refuse(message, wish.pointer, number=wish.number, device=self._name, node=node, use=use)
        return wish.number

    def _losses(self, found: Table, after: Table) -> Iterator[Loss]:
        """What is lost: partitions whose place is not kept whole, and what is on a disk without a table."""
        node = self._disk.node
        for partition in found.partitions:
            if not any(kept.start == partition.start and kept.size >= partition.size for kept in after.partitions):
                yield Loss.of(partition, node, self._held(partition))
        held = None if found.partitions else self._devices.probe(node)
        if held is not None or self._unread:
            yield Loss(f"the whole of {node}", self._unread, held, node)

    def _held(self, partition: Partition) -> Signature | None:
        unit = self._disk.sector_size
        return self._devices.probe(self._disk.node, partition.start * unit, partition.size * unit)

    def _warning(self, found: Partition) -> str:
        """What a hint to wipe has to say of what is there."""
        held = self._held(found)
        return f"; {words(held)} on it is lost then" if held else ""

    def _refuse(self, message: Message, pointer: Pointer, **values: object) -> None:
        self._report.add(Severity.ERROR, message, pointer, None, **values)


def _differences(wish: Wish, found: Partition) -> Iterator[tuple[str, str, object, object]]:
    """How a partition differs from what is wanted, size last: field, its name in words, wanted, found."""
    said = wish.said
    if wish.start is not None and wish.start != found.start:
        yield "startMiB", "starting sector", wish.start, found.start
    if said.guid and said.guid.upper() != found.guid.upper():
        yield "guid", "GUID", quoted(said.guid), quoted(found.guid)
    if said.type_guid and said.type_guid.upper() != found.type_guid.upper():
        yield "typeGuid", "type GUID", quoted(said.type_guid), quoted(found.type_guid)
    if said.label is not None and said.label != found.label:
        yield "label", "label", quoted(said.label), quoted(found.label)
    if wish.size is not None and wish.size != found.size:
        yield "sizeMiB", "size", wish.size, found.size


def _is_the_one(wish: Wish, found: Partition) -> bool:
    """Whether a partition is what a wish without a number asks for; a start or size of 0 is any."""
    loose = msgspec.structs.replace(wish, start=wish.start or None, size=wish.size or None)
    return not list(_differences(loose, found))
