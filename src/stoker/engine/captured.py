"""Captured machines that come from elsewhere: in goes text, out comes a machine on paper that can be worked with.

An inventory may have been changed by hand, or come from somebody: what no machine could have is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.errors import BadInventory
from stoker.system import Group, System, Table, User
from stoker.system.gpt import MOST_ENTRIES
from stoker.system.inventory import VERSION, Captured
from stoker.system.scratch_devices import Disk

SECTORS: Final = (512, 1024, 2048, 4096)
LARGEST: Final = 1 << 60  # bytes of a disk
HIGHEST_ID: Final = (1 << 32) - 2


class _Versioned(msgspec.Struct):
    """What every inventory says, of whatever version: other JSON does not, as a config or an empty object."""

    version: int


def read_inventory(text: bytes) -> Captured:
    """Read what `stoker inventory` wrote. Raises `BadInventory`."""
    try:
        found = msgspec.json.decode(text, type=_Versioned).version
        if found != VERSION:
            raise BadInventory(messages.INVENTORY_VERSION, found=found, known=VERSION)
        captured = msgspec.json.decode(text, type=Captured)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInventory(messages.NO_INVENTORY, reason=error) from error
    for reason in _faults(captured):
        raise BadInventory(messages.NO_INVENTORY, reason=reason)
    return captured


def lay_accounts(system: System, captured: Captured) -> None:
    """Lay the account files of a captured machine; nobody has a password."""
    passwd = [f"{user.name}:x:{user.uid}:{user.gid}:{user.gecos}:{user.home}:{user.shell}\n" for user in captured.users]
    group = [f"{group.name}:x:{group.gid}:{','.join(group.members)}\n" for group in captured.groups]
    shadow = [f"{user.name}:*:0:0:99999:7:::\n" for user in captured.users]
    gshadow = [f"{group.name}:!::{','.join(group.members)}\n" for group in captured.groups]
    files = {"passwd": (passwd, 0o644), "group": (group, 0o644), "shadow": (shadow, 0o640), "gshadow": (gshadow, 0o640)}
    for name, (lines, mode) in files.items():
        if lines:
            system.write_file(f"/etc/{name}", "".join(lines).encode(), mode=mode)


def _faults(captured: Captured) -> Iterator[str]:
    """What no machine could have, in words."""
    for node, disk in captured.devices.disks.items():
        if not node.startswith("/dev/") or node.endswith("/"):
            yield f"`{node}` is no device"
        yield from (f"`{node}`: {reason}" for reason in _disk_faults(disk))
    accounts: list[User | Group] = [*captured.users, *captured.groups]
    for account in accounts:
        yield from _account_faults(account)


def _disk_faults(disk: Disk) -> Iterator[str]:
    if not 0 <= disk.size <= LARGEST:
        yield f"it has {disk.size} bytes"
    if disk.sector_size not in SECTORS:
        yield f"its sectors have {disk.sector_size} bytes"
    if disk.table is not None:
        yield from _table_faults(disk.table, disk)


def _table_faults(table: Table, disk: Disk) -> Iterator[str]:
    if table.sector_size != disk.sector_size:
        yield f"its table counts in sectors of {table.sector_size} bytes"
    elif not 0 <= table.first_usable <= table.last_usable + 1 <= disk.size // disk.sector_size:
        yield f"its table has room from sector {table.first_usable} to {table.last_usable}"
    if not 0 < table.entries <= MOST_ENTRIES or len(table.partitions) > table.entries:
        yield f"its table has {table.entries} entries"
    numbers = [partition.number for partition in table.partitions]
    if len(set(numbers)) < len(numbers) or not all(0 < number <= table.entries for number in numbers):
        yield f"its partitions have the numbers {numbers}"
    for partition in table.partitions:
        if not 0 <= partition.start <= partition.last < disk.size // disk.sector_size:
            yield f"partition {partition.number} is at sector {partition.start} and has {partition.size}"


def _account_faults(account: User | Group) -> Iterator[str]:
    """Whether an account could be a line of passwd(5) or group(5)."""
    texts: tuple[str, ...] = (account.name, *account.members) if isinstance(account, Group) else ()
    numbers: tuple[int, ...] = (account.gid,)
    if isinstance(account, User):
        texts = (account.name, account.gecos, account.home, account.shell)
        numbers = (account.uid, account.gid)
    if not account.name or any(letter in text for text in texts for letter in ":\n\0"):
        yield f"`{account.name}` cannot be an account"
    if not all(0 <= number <= HIGHEST_ID for number in numbers):
        yield f"`{account.name}` has the ids {', '.join(map(str, numbers))}"
