"""The search for a machine's config: in go a platform and a machine, out comes the config or that there is none.

The order is Ignition's: the kernel command line, then the system's own files, then what the platform provides. The
first of them that has anything to say ends the search.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from stoker.platforms.configs import user_config
from stoker.platforms.drives import Drive
from stoker.platforms.errors import Damaged, NeedsNetwork, NotThere, PlatformFault
from stoker.platforms.kernel import (
    CONFIG_DEVICE,
    CONFIG_PATH,
    CONFIG_URLS,
    KernelArgument,
    kernel_arguments,
    last_value,
)
from stoker.platforms.machine import Answer, Machine, Read, Say, Source, absolute, content_of
from stoker.platforms.messages import BAD_LABEL, BAD_URL, HALF_A_DEVICE, NO_DEVICE, NO_FILE_ON_DEVICE, NOT_IN_TIME
from stoker.platforms.table import Platform, platform_named
from stoker.platforms.urls import ask_url
from stoker.schema.urls import parse_url
from stoker.system import SystemFault
from stoker.system.protocol import FILE

COMMAND_LINE: Final = "/proc/cmdline"
POLL: Final = 1.0  # seconds between two looks at what is not there yet
TELL: Final = 10  # looks between two words to whoever waits
DEVICE_PATIENCE: Final = 30

_LONGEST_LINE: Final = 1 << 20


class Found(NamedTuple):
    """What the search found.

    `config` is None when there is none. `provider` is Ignition's word for who gave it (`cmdline`, `system` or the
    platform), `where` the place in words. `files` (path to bytes) are to be laid into the new root, mode 0600.
    """

    config: bytes | None
    where: str
    provider: str
    files: Mapping[str, bytes] = MappingProxyType({})

    def __repr__(self) -> str:
        """Nothing of it that could be a secret."""
        size = "none" if self.config is None else f"{len(self.config)} bytes"
        return f"Found({size}, {self.where}, {self.provider})"


def find_config(platform: str, machine: Machine, read: Read, say: Say) -> Found:
    """Find the config of a machine. Raises `PlatformFault`, `SystemFault`.

    Whether the bytes are an Ignition config is not asked here.
    """
    row = platform_named(platform)
    answer = _from_kernel(machine_arguments(machine), machine, read, say)
    if answer is not None:
        return _found(answer, "cmdline")
    answer = user_config(machine)
    if answer is not None:
        return _found(answer, "system")
    return _found(ask_platform(row, machine, read, say), platform)


def machine_arguments(machine: Machine) -> list[KernelArgument]:
    """The arguments of the kernel that runs, or of the file that the environment names. Raises `FileFault`.

    What is no regular file has none: `/dev/null` is how scripts say so.
    """
    path = absolute(machine, machine.environment.get("IGNITION_KERNEL_CMDLINE_PATH") or COMMAND_LINE)
    found = machine.system.look(machine.system.resolve(path, follow=True))
    is_file = found is not None and found.kind == FILE
    text = content_of(machine.system, path, _LONGEST_LINE) if is_file else None
    return kernel_arguments((text or b"").decode(errors="surrogateescape"))


def ask_platform(platform: Platform, machine: Machine, read: Read, say: Say) -> Answer:
    """Ask the sources of a row, again and again while none of them is there.

    A source that cannot be read is left out where others may still answer; if all are, its fault is raised.
    """
    say = _once(say)
    waiting: list[Source] = list(platform.sources)
    answer: Answer | None = None
    for look in range(platform.patience + 1):
        if look:
            _wait(look, waiting, machine, say)
        for source in list(waiting):
            try:
                answer = source.ask(machine, read, say)
            except NeedsNetwork:
                raise
            except (PlatformFault, SystemFault) as fault:
                waiting.remove(source)
                if platform.in_order or not waiting:
                    raise
                say(f"{source}: {fault}")
                continue
            if answer is None:
                continue
            if answer.content or not platform.in_order:
                return answer
            waiting.remove(source)
            if not waiting:
                return answer
    return _silence(platform, waiting)


def _once(say: Say) -> Say:
    """Say a sentence once, though every look may come to it anew."""
    said: set[str] = set()

    def say_once(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return say_once


def _wait(look: int, waiting: list[Source], machine: Machine, say: Say) -> None:
    if look % TELL == 0:
        say(f"waiting for {'; '.join(map(str, waiting))}, {look * POLL:g} s")
    machine.wait(POLL)


def _silence(platform: Platform, waiting: list[Source]) -> Answer:
    where = "; ".join(map(str, waiting))
    if platform.may_be_silent:
        return Answer(b"", f"no config source within {platform.patience * POLL:g} s: {where}")
    raise NotThere(NOT_IN_TIME, seconds=f"{platform.patience * POLL:g}", where=where)


def _found(answer: Answer, provider: str) -> Found:
    return Found(answer.content or None, answer.where, provider, answer.files)


def _from_kernel(arguments: list[KernelArgument], machine: Machine, read: Read, say: Say) -> Answer | None:
    """The config that the command line names: a URL before a file on a drive."""
    url = _config_url(arguments, say)
    label = last_value(arguments, CONFIG_DEVICE)
    path = last_value(arguments, CONFIG_PATH)
    if url:
        if label or path:
            say(f'"{CONFIG_URLS[0]}" takes precedence; ignoring "{CONFIG_DEVICE}" and "{CONFIG_PATH}"')
        return ask_url(url, "kernel argument", read)
    if bool(label) != bool(path):
        raise NotThere(HALF_A_DEVICE)
    return _from_device(label, path, machine, read, say) if label else None


def _config_url(arguments: list[KernelArgument], say: Say) -> str:
    """The last URL that is one; empty when there is none."""
    for argument in reversed(arguments):
        if argument.name in CONFIG_URLS and argument.value:
            if parse_url(argument.value) is not None:
                return argument.value
            say(BAD_URL.format(name=argument.name))
    return ""


def _from_device(label: str, path: str, machine: Machine, read: Read, say: Say) -> Answer:
    if "/" in label or label in {".", ".."}:
        raise Damaged(BAD_LABEL, label=label)
    drive = Drive(label, ("/" + path.lstrip("/"),))
    row = Platform("cmdline", "kernel arguments", (drive,), patience=DEVICE_PATIENCE)
    try:
        answer = ask_platform(row, machine, read, say)
    except NotThere as fault:
        raise NotThere(NO_DEVICE, label=label) from fault
    if not answer.content:
        raise NotThere(NO_FILE_ON_DEVICE, path=path, label=label)
    return answer
