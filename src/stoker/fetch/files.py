"""oem and file: in goes a URL and the directory that its scheme may read, out comes the file, piece by piece.

`oem:///config.ign` names a file of the OEM partition (Ignition 2.x); where that is mounted, or what `file` may read,
is for the caller to say. Nothing outside the directory is read, whatever `..` and links say.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from stoker.fetch import messages
from stoker.fetch.errors import BadSource, NotFound, Refused
from stoker.fetch.patience import Patience
from stoker.fetch.redaction import redacted
from stoker.fetch.source import Source

CHUNK: Final = 256 << 10


class Files:
    """Reads files. `directories` are what each scheme may read."""

    def __init__(self, directories: Mapping[str, str]) -> None:
        self._directories = directories

    def pieces(self, source: Source, patience: Patience) -> Iterator[bytes]:
        """The bytes of a file, for which nobody has to wait. Raises `NotFound`, `Refused` or `BadSource`."""
        return _pieces(source.url, self._directories[source.url.partition(":")[0].lower()])


def _pieces(url: str, directory: str) -> Iterator[bytes]:
    path = unquote(urlsplit(url).path)
    if not path.startswith("/"):
        raise BadSource(messages.BAD_URL, url=redacted(url), reason="path is not absolute")
    root = os.path.realpath(directory)
    try:
        found = os.path.realpath(root + path)
        if os.path.commonpath([root, found]) != root:
            raise BadSource(messages.BAD_URL, url=redacted(url), reason=f"it leads out of `{directory}`")
        descriptor = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(messages.NOT_FOUND, url=redacted(url), reason=f"no such file in `{directory}`") from error
    except (OSError, ValueError) as error:
        raise _refused(url, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused(messages.REFUSED, url=redacted(url), reason="not a regular file")
        while piece := os.read(descriptor, CHUNK):
            yield piece
    except OSError as error:
        raise _refused(url, error) from error
    finally:
        os.close(descriptor)


def _refused(url: str, error: Exception) -> Refused:
    reason = str(getattr(error, "strerror", None) or error).lower()
    return Refused(messages.REFUSED, url=redacted(url), reason=reason)
