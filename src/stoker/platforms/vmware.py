"""VMware's guestinfo: in goes a list of keys, out comes the config under the first of them that is set.

A key is asked of the host by `vmware-rpctool`, or by `vmtoolsd`, whichever of open-vm-tools is there; what the host
does not say is looked up in the OVF environment, under the same key. Keys and encodings: Ignition's supported
platforms; `coreos.*` and `*.config.url` are what Flatcar adds.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.platforms import ovf
from stoker.platforms.encodings import decode
from stoker.platforms.errors import Damaged, NotThere
from stoker.platforms.machine import Answer, Machine, Read, Say
from stoker.platforms.messages import NO_TOOL
from stoker.platforms.urls import ask_url
from stoker.system import CommandFault

TOOLS: Final = (("vmware-rpctool",), ("vmtoolsd", "--cmd"))
ABSENT: Final = "No value found"  # what both say of a key that is not set

_DATA: Final = "{family}.config.data"
_ENCODING: Final = "{family}.config.data.encoding"
_URL: Final = "{family}.config.url"
_OVF: Final = "guestinfo.ovfEnv"
_EMPTY: Final = "e30K"  # `{}` in base64: a key cannot be removed, so this says that its config is gone


class GuestInfo(msgspec.Struct, frozen=True):
    """The keys `FAMILY.config.data`, `FAMILY.config.data.encoding` and `FAMILY.config.url` of each family."""

    families: tuple[str, ...]

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        channel = Channel(machine)
        environment = _environment(channel, say)

        def value(key: str) -> str:
            key = f"guestinfo.{key}"
            return channel.get(key) or environment.get(key, "")

        for family in self.families:
            data = value(_DATA.format(family=family))
            if data:
                where = f"guestinfo.{_DATA.format(family=family)}"
                encoding = value(_ENCODING.format(family=family))
                return Answer(decode(data.encode("latin-1"), encoding, f"`{where}`"), f"`{where}`")
        for family in self.families:
            url = value(_URL.format(family=family))
            if url:
                return ask_url(url, f"`guestinfo.{_URL.format(family=family)}`", read)
        return Answer(b"", str(self))

    def __str__(self) -> str:
        keys = [_DATA.format(family=family) for family in self.families]
        keys += [_URL.format(family=family) for family in self.families]
        return f"guestinfo {', '.join(f'`{key}`' for key in keys)}"

    def remove(self, machine: Machine, say: Say) -> None:
        """Put an empty config in place of each that the host holds. Raises `CommandFault`, `NotThere`, `Damaged`."""
        channel = Channel(machine)
        for family in self.families:
            key = f"guestinfo.{_DATA.format(family=family)}"
            if channel.get(key) not in {"", _EMPTY}:
                say(f"deleting the config from `{key}`")
                channel.set(key, _EMPTY)
                channel.set(f"guestinfo.{_ENCODING.format(family=family)}", "base64")
        document = channel.get(_OVF)
        if document:
            keys = {
                f"guestinfo.{name.format(family=family)}" for family in self.families for name in (_DATA, _ENCODING)
            }
            left = ovf.without(document.encode("latin-1"), keys, f"`{_OVF}`").decode("latin-1")
            if left != document:
                say(f"deleting the config from `{_OVF}`")
                channel.set(_OVF, left)


class Channel:
    """The channel to the host, by whichever tool is there."""

    def __init__(self, machine: Machine) -> None:
        self._system = machine.system
        self._tools = list(TOOLS)

    def get(self, key: str) -> str:
        """The value of a key, empty when it is not set. Raises `CommandFault`, `NotThere`."""
        try:
            value = self._run(f"info-get {key}")
        except CommandFault as fault:
            if ABSENT in str(fault):
                return ""
            raise
        # latin-1 keeps every byte, also of a value that is gzip as it stands
        return value.removesuffix(b"\n").decode("latin-1")

    def set(self, key: str, value: str) -> None:
        """Set a key. Raises `CommandFault`, `NotThere`."""
        self._run(f"info-set {key} {value}")

    def _run(self, command: str) -> bytes:
        while self._tools:
            try:
                return self._system.run([*self._tools[0], command])
            except CommandFault as fault:
                if not _is_missing(fault):
                    raise
                del self._tools[0]
        raise NotThere(NO_TOOL, tools=", ".join(f"`{words[0]}`" for words in TOOLS))


def _is_missing(fault: CommandFault) -> bool:
    """Whether the command could not be found: status 127, which these tools themselves never give (env(1))."""
    return str(fault).startswith("exit status 127:")


def _environment(channel: Channel, say: Say) -> dict[str, str]:
    """The OVF properties; an environment that cannot be read is none, since the keys themselves come first."""
    document = channel.get(_OVF)
    if not document:
        return {}
    try:
        return ovf.properties(document.encode("latin-1"), f"`{_OVF}`")
    except Damaged as fault:
        say(f"{fault}; going on without it")
        return {}
