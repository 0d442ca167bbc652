"""Images and boot archives: in go what is installed here, out comes what boots a machine.

`write_module` writes the dracut module by which an initramfs carries the first-boot engine, Python and all.
"""

from __future__ import annotations

from stoker.installer.dracut_module import Written, write_module
from stoker.installer.errors import CannotGather, InstallerFault, NotOurs

__all__ = ["CannotGather", "InstallerFault", "NotOurs", "Written", "write_module"]
