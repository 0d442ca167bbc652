"""Extended attributes (xattr(7)): in goes a name in an open directory, out come its attributes, and back.

A name is reached through the descriptor of its directory, so no link on the way is followed, nor is the name itself.
File systems without attributes have none; what only the kernel may say (`system.nfs4_acl`, ...) is left to it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

_NONE = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENODATA})


def read(directory: int, name: str) -> dict[str, bytes]:
    """The attributes of a name in a directory (any descriptor). Raises OSError."""
    path = _path(directory, name)
    try:
        return {
            each: os.getxattr(path, each, follow_symlinks=False) for each in os.listxattr(path, follow_symlinks=False)
        }
    except OSError as error:
        if error.errno in _NONE:
            return {}
        raise


def write(directory: int, name: str, wanted: Mapping[str, bytes]) -> None:
    """Give a name in a directory these attributes and no others. Raises OSError."""
    path, found = _path(directory, name), read(directory, name)
    for each in found.keys() - wanted.keys():
        os.removexattr(path, each, follow_symlinks=False)
    for each, value in wanted.items():
        if found.get(each) != value:
            os.setxattr(path, each, value, follow_symlinks=False)


def _path(directory: int, name: str) -> str:
    """A path through an open directory; O_PATH will do, which fgetxattr(2) refuses."""
    return f"/proc/self/fd/{directory}/{name}"
