"""The kernel command line: in goes its text, out comes what it says of the config, of the platform and of this boot.

Words are split as the kernel splits them (lib/cmdline.c, next_arg): at white space outside of double quotes; quotes
around a whole word or a whole value are dropped. Of several words with one name the last counts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

PLATFORM: Final = "ignition.platform.id"
CONFIG_DEVICE: Final = "ignition.config.device"
CONFIG_PATH: Final = "ignition.config.path"

# The names by which a URL may be given; the older ones are read by Flatcar's Ignition, and none ranks above another.
CONFIG_URLS: Final = ("ignition.config.url", "flatcar.config.url", "coreos.config.url")

# Older names for the platform, each before the next, and older names of platforms (Flatcar's bootengine).
OEM: Final = ("flatcar.oem.id", "coreos.oem.id")
OEM_PLATFORMS: Final = {"ec2": "aws", "gce": "gcp", "pxe": "metal"}

# Arguments that say "first boot", and the files whose presence let the boot loader say so, by the value that it gives.
# Ignition's ignition-generator and Fedora CoreOS's grub.cfg; Flatcar's page on its boot process: `detected` says that
# GRUB found the file.
ANY: Final = "*"
FIRST_BOOT: Final = {
    "ignition.firstboot": ((ANY, "ignition.firstboot"),),
    "flatcar.first_boot": (("detected", "flatcar/first_boot"), ("detected", "coreos/first_boot")),
    "coreos.first_boot": (("detected", "flatcar/first_boot"), ("detected", "coreos/first_boot")),
}

_NO: Final = frozenset({"", "0", "no", "off"})


class KernelArgument(NamedTuple):
    """A word of the command line: `name=value`, or a bare name, whose value is None."""

    name: str
    value: str | None


class FirstBoot(NamedTuple):
    """Whether this is the first boot, by which arguments.

    `markers` are files of the boot file system that may be there: they have to go once this boot has succeeded, for
    else the next one is a first one, too. It is empty where a person or a boot server asked, who will do so or not the
    next time.
    """

    is_first: bool
    arguments: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()


def kernel_arguments(text: str) -> list[KernelArgument]:
    """The words of a command line, in order."""
    return [_argument(word) for word in _words(text)]


def last_value(arguments: list[KernelArgument], *names: str) -> str:
    """The last value given by one of these names that is not empty; empty when there is none."""
    values = (argument.value for argument in reversed(arguments) if argument.name in names)
    return next((value for value in values if value), "")


def platform_id(arguments: list[KernelArgument]) -> str | None:
    """The platform that the command line names, None when it names none."""
    if name := last_value(arguments, PLATFORM):
        return name
    for older in OEM:
        if name := last_value(arguments, older):
            return OEM_PLATFORMS.get(name, name)
    return None


def first_boot(arguments: list[KernelArgument]) -> FirstBoot:
    """Whether the command line says that this is the first boot.

    The last word of a name decides for that name, a bare one says yes; `0`, `no`, `off` and nothing say no. Any of the
    names is enough.
    """
    last = {argument.name: argument.value for argument in arguments}
    names = tuple(name for name in FIRST_BOOT if name in last and last[name] not in _NO)
    markers = (marker for name in names for value, marker in FIRST_BOOT[name] if value in {ANY, last[name]})
    return FirstBoot(bool(names), names, tuple(dict.fromkeys(markers)))


def _words(text: str) -> list[str]:
    words: list[str] = []
    word: list[str] = []
    quoted = False
    for char in text:
        if char.isspace() and not quoted:
            if word:
                words.append("".join(word))
                word = []
            continue
        quoted ^= char == '"'
        word.append(char)
    if word:
        words.append("".join(word))
    return words


def _argument(word: str) -> KernelArgument:
    if word.startswith('"'):
        word = _unquoted(word)
    name, equals, value = word.partition("=")
    if not equals:
        return KernelArgument(name, None)
    return KernelArgument(name, _unquoted(value) if value.startswith('"') else value)


def _unquoted(text: str) -> str:
    return text.removeprefix('"').removesuffix('"')
