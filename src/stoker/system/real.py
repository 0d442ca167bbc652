"""A real machine below a root directory: `/` on the machine itself, `/sysroot` in an initramfs, or any tree.

The kernel keeps owners and modes; changing an owner needs the privilege for it (capabilities(7), CAP_CHOWN).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from stoker.system.account_files import AccountFiles
from stoker.system.errors import FileFault
from stoker.system.protocol import Accounts
from stoker.system.tree import Tree

BOOT_ID = "/proc/sys/kernel/random/boot_id"
NO_TOOLS: Mapping[str, str] = MappingProxyType({})


class RealSystem(Tree):
    """A machine that is changed for real."""

    def __init__(
        self,
        root: Path,
        clock: Callable[[], float] = time.time,
        *,
        with_devices: bool = False,
        with_shadow_tools: bool = False,
        patience: float = 0.0,
        tools: Mapping[str, str] = NO_TOOLS,
        watch: Callable[[Sequence[str]], None] = lambda _arguments: None,
        boot_id: str = BOOT_ID,
    ) -> None:
        """Open the machine below `root`, with the block devices of the machine that runs this if so asked.

        `patience` is how many seconds to wait for a device that is not there yet. `tools` names other programs to run
        in place of some; `watch` sees the arguments of each command before it runs. `boot_id` is the kernel's file.
        """
        super().__init__(root, clock)
        self._programs = tools
        self._watch = watch
        self._boot_id = boot_id
        if with_devices:
            from stoker.system.real_devices import RealDevices  # noqa: PLC0415 -- a tree has no use for it

            self.devices = RealDevices(self.run, patience)
        self.accounts: Accounts = AccountFiles(self)
        if with_shadow_tools:
            from stoker.system.shadow_tools import ShadowTools  # noqa: PLC0415 -- as above

            self.accounts = ShadowTools(self)

    def run(self, arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> bytes:
        """See `System.run`."""
        from stoker.system import commands  # noqa: PLC0415 -- few runs need it, and what it imports is slow to load

        command = [self._programs.get(arguments[0], arguments[0]), *arguments[1:]]
        self._watch(command)
        return commands.run(command, stdin, seconds)

    def boot_id(self) -> str:
        """See `System.boot_id`."""
        try:
            return Path(self._boot_id).read_text().strip()
        except OSError as error:
            raise FileFault.of("read", self._boot_id, error) from error
