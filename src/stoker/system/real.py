"""A real machine below a root directory: `/` on the machine itself, `/sysroot` in an initramfs, or any tree.

The kernel keeps owners and modes; changing an owner needs the privilege for it (capabilities(7), CAP_CHOWN).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stoker.system.account_files import AccountFiles
from stoker.system.protocol import NO_BOOT, Accounts
from stoker.system.tree import Tree


class RealSystem(Tree):
    """A machine that is changed for real."""

    def __init__(
        self,
        root: Path,
        clock: Callable[[], float] = time.time,
        *,
        with_devices: bool = False,
        patience: float = 0.0,
        is_booting: bool = True,
    ) -> None:
        """Open the machine below `root`, with the block devices of the machine that runs this if so asked.

        `patience` is how many seconds to wait for a device that is not there yet. A root that is not `is_booting` is
        the tree of an image or a container: the boot that this runs in is not its own.
        """
        super().__init__(root, clock)
        self._is_booting = is_booting
        if with_devices:
            from stoker.system.real_devices import RealDevices  # noqa: PLC0415 -- a tree has no use for it

            self.devices = RealDevices(self.run, patience)
        self.accounts: Accounts = AccountFiles(self)

    def run(self, arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> bytes:
        """See `System.run`."""
        from stoker.system import commands  # noqa: PLC0415 -- few runs need it, and what it imports is slow to load

        return commands.run(arguments, stdin, seconds)

    def boot_id(self) -> str:
        """See `System.boot_id`."""
        if not self._is_booting:
            return NO_BOOT
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
