"""Drives that carry a config: in go labels and file names, or kinds of discs; out comes the first file that counts.

A drive is there or it is not yet: these sources answer None until it is. A drive without the file means: no config.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.platforms import ovf
from stoker.platforms.encodings import decode
from stoker.platforms.machine import Answer, Machine, Read, Say, content_of
from stoker.system import CommandFault
from stoker.system.drives import Files

OVF_ENVIRONMENT: Final = "/ovf-env.xml"


class Drive(msgspec.Struct, frozen=True):
    """A drive by the label of its file system, and files on it: the first that is not empty counts.

    A file that starts with `other`, a line of another language's, does not count.
    """

    label: str
    paths: tuple[str, ...]
    other: bytes | None = None

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        device = machine.drives.labelled(self.label)
        if device is None:
            return None
        with machine.drives.opened(device) as files:
            return self._first(files, say)

    def _first(self, files: Files, say: Say) -> Answer:
        for path in self.paths:
            content = content_of(files, path)
            if content and self.other is not None and content.startswith(self.other):
                first = self.other.decode().strip()
                say(f"`{path}` on drive `{self.label}` starts with `{first}` and is left alone")
            elif content:
                return Answer(content, f"`{path}` on drive `{self.label}`")
        return Answer(b"", str(self))

    def __str__(self) -> str:
        return f"drive `{self.label}`, {' or '.join(f'`{path}`' for path in self.paths)}"


class Disc(msgspec.Struct, frozen=True):
    """A disc in a CD-ROM drive with an OVF environment, as Azure makes it: the custom data is a file beside it.

    Where the file is missing, the element CustomData of the environment is taken (base64).
    """

    filesystems: tuple[str, ...]
    path: str

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        for filesystem in self.filesystems:
            for device in machine.drives.discs(filesystem):
                try:
                    with machine.drives.opened(device, filesystem) as files:
                        environment = content_of(files, OVF_ENVIRONMENT, ovf.LARGEST)
                        if environment is not None:
                            return self._custom_data(files, environment, device)
                    say(f"the disc in `{device}` has no `{OVF_ENVIRONMENT}` and is left alone")
                except CommandFault as fault:  # a person's own disc, for all that is known
                    say(f"the disc in `{device}` cannot be mounted and is left alone: {fault}")
        return None

    def _custom_data(self, files: Files, environment: bytes, device: str) -> Answer:
        content = content_of(files, self.path)
        if content is not None:
            return Answer(content, f"`{self.path}` on the disc in `{device}`")
        where = f"`{OVF_ENVIRONMENT}` on the disc in `{device}`"
        return Answer(decode(ovf.custom_data(environment, where), "base64", where), where)

    def __str__(self) -> str:
        return f"{' or '.join(self.filesystems)} disc, `{self.path}`"
