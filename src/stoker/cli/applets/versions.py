"""Which releases of other projects the applets stand for, where several of them stand for one."""

from __future__ import annotations

from typing import Final

IGNITION: Final = "Ignition v2.26.0"
