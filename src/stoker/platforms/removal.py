"""Taking a config back: in goes a platform, and what it holds of a machine's config is gone from where it came.

Only some hosts let a guest do so; it is for configs with secrets, since any process of the machine may ask the host.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from stoker.platforms.errors import NotThere
from stoker.platforms.machine import Machine, Say
from stoker.platforms.messages import CANNOT_DELETE
from stoker.platforms.table import platform_named


@runtime_checkable
class Removable(Protocol):
    """A source that can be emptied."""

    def remove(self, machine: Machine, say: Say) -> None:
        """Empty it; what is empty stays so. Raises `PlatformFault`, `SystemFault`."""


def remove_config(platform: str, machine: Machine, say: Say) -> None:
    """Remove the config from where the platform keeps it. Raises `PlatformFault`, `SystemFault`."""
    sources = [source for source in platform_named(platform).sources if isinstance(source, Removable)]
    if not sources:
        raise NotThere(CANNOT_DELETE)
    for source in sources:
        source.remove(machine, say)
