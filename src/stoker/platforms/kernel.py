"""The kernel command line: in goes its text, out come its words and what they say of the config.

Words are split as the kernel splits them (lib/cmdline.c, next_arg): at white space outside of double quotes; quotes
around a whole word or a whole value are dropped. Of several words with one name the last counts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

CONFIG_DEVICE: Final = "ignition.config.device"
CONFIG_PATH: Final = "ignition.config.path"

# The names by which a URL may be given; the older ones are read by Flatcar's Ignition, and none ranks above another.
CONFIG_URLS: Final = ("ignition.config.url", "flatcar.config.url", "coreos.config.url")


class KernelArgument(NamedTuple):
    """A word of the command line: `name=value`, or a bare name, whose value is None."""

    name: str
    value: str | None


def kernel_arguments(text: str) -> list[KernelArgument]:
    """The words of a command line, in order."""
    return [_argument(word) for word in _words(text)]


def last_value(arguments: list[KernelArgument], *names: str) -> str:
    """The last value given by one of these names that is not empty; empty when there is none."""
    values = (argument.value for argument in reversed(arguments) if argument.name in names)
    return next((value for value in values if value), "")


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
